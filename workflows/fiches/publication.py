"""What readers see of a fiche: put before them, replaced, withdrawn. Each change is kept for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import Fiche, Fragment, Publication, Revision, SessionUpdate
from backoffice.models.content import Contenu
from backoffice.models.fiches.updates import updated
from exports.fragment.build import Identity, build


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
    event = Publication(fiche_id=fiche.id, territoire_id=fiche.territoire_id, at=at)
    event.fragment = fragment
    return event


def present_fragment(session: Session, fiche: Fiche, at: datetime) -> Fragment:
    """The fragment of the approved version with what the fast lane changed since; raises NotExportable."""
    revision = session.get_one(Revision, fiche.published_revision_id)
    return build(effective_content(session, revision), Identity.of(fiche, modified=at))


def last_day(content: Contenu, today: date) -> date | None:
    """The last day of all its sessions, when it is past; None while one goes on, or may."""
    days = [row.fin for action in content.actions for row in action.sessions]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) and max(known) < today else None


def effective_content(session: Session, revision: Revision) -> Contenu:
    """The approved content with the values that the fast lane gave its sessions."""
    return effective_contents(session, [revision])[revision.id]


def effective_contents(session: Session, revisions: Sequence[Revision]) -> dict[int, Contenu]:
    """The same of several approved versions, {id of the version: content}, in one query."""
    ids = [revision.id for revision in revisions]
    query = select(SessionUpdate).where(SessionUpdate.revision_id.in_(ids)).order_by(SessionUpdate.id)
    rows = session.scalars(query).all() if ids else []
    return {
        revision.id: updated(revision.content, [row for row in rows if row.revision_id == revision.id])
        for revision in revisions
    }
