"""Checks of invented structures: one verified, one closed in Sirene, one entered twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import clock_at, now
from backoffice.core.dates import local_day
from backoffice.models import Etablissement, Fiche, FicheAlert, Organisme, Subject, User, Verification
from forms.structures.pages import Verdict
from workflows.fiches import register_alerts
from workflows.structures.number_checks import verify
from workflows.structures.register_checks import check

VERIFIED, CLOSED, TWICE = "rive-claire", "rive-claire-est", "trois-tilleuls"
"""Keys of structures."""
TWIN = "Centre social Les Trois Tilleuls"


def load(session: Session, organismes: Mapping[str, Organisme], moderator: User) -> None:
    """Writes these checks and their alerts. moderator: of the territoire of the verified structure."""
    with clock_at(now() - timedelta(40)):
        verdict = Verdict(Subject.SIRET, Verification.VERIFIEE, "Avis de situation reçu par courrier.")
        verify(session, organismes[VERIFIED].id, verdict, moderator)
        known = organismes[TWICE]
        twin = Organisme(territoire_id=known.territoire_id)
        twin.said = replace(known.said, nom=TWIN, siret="")
        session.add(twin)
        session.flush()
    with clock_at(now() - timedelta(9)):
        closed = organismes[CLOSED]
        since = local_day(now()) - timedelta(60)
        session.merge(Etablissement(siret=closed.siret, denomination=closed.nom.upper(), closed_on=since))
        session.flush()
        check(session, [closed])
    with clock_at(now() - timedelta(8)):
        register_alerts.refresh(session, session.scalars(select(Fiche.id).where(Fiche.created_at < now())).all())
        for fiche_id in session.scalars(select(FicheAlert.fiche_id).distinct().order_by(FicheAlert.fiche_id)).all():
            register_alerts.tell_people(session, fiche_id)
