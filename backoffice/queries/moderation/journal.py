"""The journal of a moderator's territoires: what was done with their fiches, page by page or whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, lazyload, selectinload

from backoffice.core.dates import PARIS
from backoffice.core.permissions import Role
from backoffice.models import Fiche, Organisme, Revision, TransitionLog, User

PAGE = 50
BATCH = 500
"""Rows read at a time for the whole."""


@dataclass(frozen=True)
class JournalFilters:
    """Empty: no choice. du, au: days, both included."""

    du: date | None = None
    au: date | None = None
    personne: str = ""
    etape: str = ""
    structure: str = ""
    dispositif: str = ""
    territoire: str = ""


@dataclass(frozen=True)
class JournalPage:
    """following: give it back as `before` to read on; None at the end."""

    rows: Sequence[TransitionLog]
    following: int | None


def journal(session: Session, user: User, filters: JournalFilters, before: int | None = None) -> JournalPage:
    """One page, the latest first. A constant number of queries."""
    rows = session.scalars(_query(user, filters, before).limit(PAGE + 1)).all()
    return JournalPage(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


def whole(session: Session, user: User, filters: JournalFilters) -> Iterator[TransitionLog]:
    """Every row, the latest first, in constant memory. No transaction is kept open while a slow reader reads."""
    before = None
    while True:
        rows = session.scalars(_query(user, filters, before).limit(BATCH)).all()
        session.expunge_all()
        session.rollback()
        yield from rows
        if len(rows) < BATCH:
            return
        before = rows[-1].id


def journal_fiche(session: Session, user: User, fiche_id: int) -> tuple[Fiche, bool] | None:
    """The fiche whose life the person may read, and whether as a moderator; None out of scope."""
    fiche = session.get(Fiche, fiche_id)
    if fiche is None:
        return None
    if fiche.territoire_id in user.territoire_ids(Role.MODERATEUR):
        return fiche, True
    return (fiche, False) if fiche.organisme_id in user.organisme_ids else None


def _query(user: User, filters: JournalFilters, before: int | None) -> Select[TransitionLog]:
    query = (
        select(TransitionLog)
        .join(Fiche, Fiche.id == TransitionLog.fiche_id)
        .where(Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))
        .order_by(TransitionLog.id.desc())
        .options(
            joinedload(TransitionLog.actor).options(lazyload(User.memberships), lazyload(User.assignments)),
            joinedload(TransitionLog.fiche).joinedload(Fiche.organisme),
            joinedload(TransitionLog.fiche).joinedload(Fiche.territoire),
            selectinload(TransitionLog.revision).load_only(Revision.number, Revision.title),
        )
    )
    if before is not None:
        query = query.where(TransitionLog.id < before)
    if filters.du:
        query = query.where(TransitionLog.at >= midnight(filters.du))
    if filters.au:
        query = query.where(TransitionLog.at < midnight(filters.au + timedelta(1)))
    if filters.personne:
        query = query.join(User, User.id == TransitionLog.actor_id).where(_has(User.name, filters.personne))
    if filters.etape:
        query = query.where(TransitionLog.transition == filters.etape)
    if filters.structure:
        query = query.join(Organisme, Organisme.id == Fiche.organisme_id).where(_has(Organisme.nom, filters.structure))
    if filters.dispositif:
        query = query.where(Fiche.dispositif == filters.dispositif)
    if filters.territoire:
        query = query.where(Fiche.territoire.has(slug=filters.territoire))
    return query


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


def _has(column: InstrumentedAttribute[str], words: str) -> ColumnElement[bool]:
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return column.ilike(f"%{escaped}%", escape="\\")
