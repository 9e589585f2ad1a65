"""What is published and that the readers refuse today: it stays online, is listed, and blocks its next sending only.

`Fiche.faulty` is set again each night, for rules and years pass, and is false once a new version is approved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, FicheState, Revision
from backoffice.models.content import Document, load
from backoffice.models.content.findings import Finding
from exports.lheo.fields import faults
from forms.fiches.review import untrue

AT_ONCE = 200
"""Contents read in one transaction."""


def faults_of(session: Session, fiches: Iterable[Fiche]) -> dict[int, list[Finding]]:
    """{fiche id: faults of its published version, each after the name of its field}; for the `faulty` ones."""
    ids = [fiche.id for fiche in fiches if fiche.faulty]
    rows = session.execute(_published().where(Fiche.id.in_(ids))).all() if ids else ()
    return {row.id: list(untrue(load(row.document), local_day(now()))) for row in rows}


def look() -> None:
    """Job: each night. Can be interrupted: the next run reads everything again."""
    with atomic() as session:
        ids = session.scalars(select(Fiche.id).where(Fiche.state == FicheState.PUBLIEE).order_by(Fiche.id)).all()
    for first in range(0, len(ids), AT_ONCE):
        with atomic() as session:
            refresh(session, ids[first : first + AT_ONCE])


def refresh(session: Session, fiche_ids: Collection[int]) -> None:
    """Sets `faulty` of these fiches."""
    rows = session.execute(_published().where(Fiche.id.in_(fiche_ids))).all()
    today = local_day(now())
    found = {row.id: bool(faults(load(row.document), today)) for row in rows}
    for value in (True, False):
        changed = [row.id for row in rows if found[row.id] is value and row.faulty is not value]
        if changed:
            session.execute(update(Fiche).where(Fiche.id.in_(changed)).values(faulty=value))


def _published() -> Select[int, bool, Document]:
    return select(Fiche.id, Fiche.faulty, Revision.document).join(Revision, Revision.id == Fiche.published_revision_id)
