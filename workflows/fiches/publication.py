"""Publication of a fiche: show, replace, withdraw. Each change is logged for good (`Publication`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import PARIS, local_day
from backoffice.models import Fiche, Fragment, Publication, Revision, SessionUpdate
from backoffice.models.content import Contenu, timely
from backoffice.models.fiches.updates import updated
from exports.fragment.build import Identity, build


def show(session: Session, fiche: Fiche, fragment: Fragment, at: datetime) -> None:
    """Publishes this fragment from `at` on."""
    session.add(fragment)
    fiche.fragment = fragment
    session.add(_event(fiche, fragment, at))


def withdraw(session: Session, fiche: Fiche, at: datetime) -> None:
    """Withdraws the fiche from `at` on. Does nothing when it is not published."""
    if fiche.fragment_id is not None:
        fiche.fragment = None
        session.add(_event(fiche, None, at))


def _event(fiche: Fiche, fragment: Fragment | None, at: datetime) -> Publication:
    event = Publication(fiche_id=fiche.id, territoire_id=fiche.territoire_id, at=at)
    event.fragment = fragment
    return event


def present_fragment(session: Session, fiche: Fiche) -> Fragment:
    """Builds the fragment of the approved version, as true today. Raises NotExportable.

    Its date is that of the last fact, not of the building: the same facts give the same bytes on any day.
    """
    revision = session.get_one(Revision, fiche.published_revision_id)
    return build(current_content(session, revision), Identity.of(fiche, modified=modified_at(session, revision)))


def modified_at(session: Session, revision: Revision) -> datetime:
    """When what is published last changed: approval of the version, a fast-lane update, or the closing of enrolments
    that came to their end since, at the first moment of the day."""
    assert revision.decided_at, "une version publiée a été validée"
    updated_at = session.scalar(select(func.max(SessionUpdate.at)).where(SessionUpdate.revision_id == revision.id))
    day = timely.last_closing(effective_content(session, revision), local_day(now()))
    closed_at = datetime.combine(day, time(), PARIS).astimezone(UTC) if day else None
    return max(filter(None, (revision.decided_at, updated_at, closed_at)))


def last_day(content: Contenu, today: date) -> date | None:
    """The last day of all sessions once it is past; None while a session is not over or has no end date."""
    day = timely.last_day(content)
    return day if day is not None and day < today else None


def effective_content(session: Session, revision: Revision) -> Contenu:
    """The approved content with its fast-lane updates."""
    return effective_contents(session, [revision])[revision.id]


def current_content(session: Session, revision: Revision) -> Contenu:
    """The same, as true today: enrolments whose last day is past are closed. What readers see."""
    return timely.as_of(effective_content(session, revision), local_day(now()))


def effective_contents(session: Session, revisions: Sequence[Revision]) -> dict[int, Contenu]:
    """The same for several approved revisions, {revision id: content}, in one query."""
    ids = [revision.id for revision in revisions]
    query = select(SessionUpdate).where(SessionUpdate.revision_id.in_(ids)).order_by(SessionUpdate.id)
    rows = session.scalars(query).all() if ids else []
    return {
        revision.id: updated(revision.content, [row for row in rows if row.revision_id == revision.id])
        for revision in revisions
    }
