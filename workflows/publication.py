"""What readers see of a fiche: put before them, replaced, withdrawn. Each change is kept for ever."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import Fiche, Fragment, Publication, Revision, SessionUpdate
from backoffice.models.content import Contenu
from exports.fragment import Identity, build


def show(session: Session, fiche: Fiche, fragment: Fragment, at: datetime) -> None:
    """From `at` on, readers see this fragment."""
    session.add(fragment)
    fiche.fragment = fragment
    session.add(_event(fiche, fragment, at))


def withdraw(session: Session, fiche: Fiche, at: datetime) -> None:
    """From `at` on, readers see nothing of this fiche; nothing happens when they did not."""
    if fiche.fragment_id is not None:
        fiche.fragment = None
        session.add(_event(fiche, None, at))


def _event(fiche: Fiche, fragment: Fragment | None, at: datetime) -> Publication:
    event = Publication(fiche_id=fiche.id, at=at)
    event.fragment = fragment
    return event


def present_fragment(session: Session, fiche: Fiche, at: datetime) -> Fragment:
    """The fragment of the approved version with what the fast lane changed since; raises NotExportable."""
    revision = session.get_one(Revision, fiche.published_revision_id)
    return build(effective_content(session, revision), Identity.of(fiche, modified=at))


def effective_content(session: Session, revision: Revision) -> Contenu:
    """The approved content with the values that the fast lane gave its sessions."""
    content = revision.content
    sessions = {(a.id, s.id): s for a in content.actions for s in a.sessions}
    updates = session.scalars(
        select(SessionUpdate).where(SessionUpdate.revision_id == revision.id).order_by(SessionUpdate.id)
    )
    for update in updates:
        row = sessions[update.action, update.session]
        if update.recrutement is not None:
            row.recrutement = update.recrutement
        if update.places_libres is not None:
            row.places_libres = update.places_libres
        if update.debut is not None:
            row.debut = date.fromisoformat(update.debut)
        if update.fin is not None:
            row.fin = date.fromisoformat(update.fin)
    return content
