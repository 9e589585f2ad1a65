"""The transition log of a moderator's territoires, page by page or entirely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, lazyload, selectinload

from backoffice.core.dates import PARIS
from backoffice.core.permissions import Role
from backoffice.models import Fiche, Organisme, Revision, TransitionLog, User
from backoffice.queries.paging import Key, Page, Place, keyset_page
from backoffice.queries.search import says

PAGE = 50
BATCH = 500
"""Number of rows read at a time by `whole`."""

_LATEST_FIRST = (Key(TransitionLog.id, down=True),)
_READ = (
    joinedload(TransitionLog.actor).options(lazyload(User.memberships), lazyload(User.assignments)),
    joinedload(TransitionLog.fiche).joinedload(Fiche.organisme),
    joinedload(TransitionLog.fiche).joinedload(Fiche.territoire),
    selectinload(TransitionLog.revision).load_only(Revision.number, Revision.title),
)


@dataclass(frozen=True)
class JournalFilters:
    """Filters of the journal; an empty value filters nothing. du, au: first and last day, both included."""

    du: date | None = None
    au: date | None = None
    personne: str = ""
    etape: str = ""
    structure: str = ""
    dispositif: str = ""
    territoire: str = ""


def journal(session: Session, user: User, filters: JournalFilters, place: Place) -> Page[TransitionLog]:
    """One page, latest first. The number of queries is constant."""
    return keyset_page(session, _query(user, filters), _LATEST_FIRST, place, PAGE, options=_READ)


def whole(session: Session, user: User, filters: JournalFilters) -> Iterator[TransitionLog]:
    """All rows, latest first, in constant memory. Each batch ends its transaction, so a slow reader keeps none open."""
    place = Place()
    while True:
        rows = keyset_page(session, _query(user, filters), _LATEST_FIRST, place, BATCH, options=_READ).rows
        session.expunge_all()
        session.rollback()
        yield from rows
        if len(rows) < BATCH:
            return
        place = Place(avant=rows[-1].id)


def journal_fiche(session: Session, user: User, fiche_id: int) -> tuple[Fiche, bool] | None:
    """(fiche, whether the person reads its history as a moderator); None out of scope."""
    fiche = session.get(Fiche, fiche_id)
    if fiche is None:
        return None
    if fiche.territoire_id in user.territoire_ids(Role.MODERATEUR):
        return fiche, True
    return (fiche, False) if fiche.organisme_id in user.organisme_ids else None


def _query(user: User, filters: JournalFilters) -> Select[TransitionLog]:
    query = (
        select(TransitionLog)
        .join(Fiche, Fiche.id == TransitionLog.fiche_id)
        .where(Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))
    )
    if filters.du:
        query = query.where(TransitionLog.at >= midnight(filters.du))
    if filters.au:
        query = query.where(TransitionLog.at < midnight(filters.au + timedelta(1)))
    if filters.personne:
        query = query.join(User, User.id == TransitionLog.actor_id).where(says(User, filters.personne))
    if filters.etape:
        query = query.where(TransitionLog.transition == filters.etape)
    if filters.structure:
        query = query.join(Organisme, Organisme.id == Fiche.organisme_id).where(says(Organisme, filters.structure))
    if filters.dispositif:
        query = query.where(Fiche.dispositif == filters.dispositif)
    if filters.territoire:
        query = query.where(Fiche.territoire.has(slug=filters.territoire))
    return query


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)
