"""The moderators' queue: a constant number of queries whatever its length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload, lazyload

from backoffice.models import Fiche, Revision, RevisionState, User
from backoffice.permissions import Role

from .fiches import WAITING, matching

PAGE = 50


@dataclass(frozen=True)
class Filters:
    dispositif: str = ""
    departement: str = ""
    text: str = ""
    page: int = 1


@dataclass(frozen=True)
class QueuePage:
    rows: Sequence[Revision]
    total: int
    page: int
    pages: int
    departements: Sequence[str]
    """Those present in the queue, whatever the filters."""


def queue(session: Session, user: User, filters: Filters) -> QueuePage:
    """Revisions that wait in the territoires of a moderator, oldest first."""
    waiting = _waiting(user)
    departements = session.scalars(
        waiting.with_only_columns(Revision.departement).where(Revision.departement != "").distinct()
    ).all()
    query = waiting
    if filters.dispositif:
        query = query.where(Fiche.dispositif == filters.dispositif)
    if filters.departement:
        query = query.where(Revision.departement == filters.departement)
    if filters.text:
        query = query.where(matching(filters.text))
    total = session.scalar(query.with_only_columns(func.count(Revision.id)).order_by(None)) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(filters.page, 1), pages)
    rows = session.scalars(
        query.order_by(Revision.submitted_at, Revision.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
        .options(
            contains_eager(Revision.fiche).contains_eager(Fiche.organisme),
            contains_eager(Revision.fiche).joinedload(Fiche.territoire),
            joinedload(Revision.moderator).options(lazyload(User.memberships), lazyload(User.assignments)),
        )
    ).all()
    return QueuePage(rows, total, page, pages, sorted(departements))


def moderated_revision(session: Session, user: User, revision_id: int) -> Revision | None:
    """Any version, once submitted, of a fiche of the moderator's territoires."""
    return session.scalars(
        _scoped(user).where(Revision.id == revision_id, Revision.state != RevisionState.BROUILLON)
    ).first()


def _waiting(user: User) -> Select[tuple[Revision]]:
    return _scoped(user).where(Revision.state.in_(WAITING))


def _scoped(user: User) -> Select[tuple[Revision]]:
    return (
        select(Revision)
        .join(Revision.fiche)
        .join(Fiche.organisme)
        .where(Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))
    )
