"""Orphan structures: active fiches, but no active member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from backoffice.core.permissions import Role
from backoffice.models import Fiche, FicheState, Membership, Organisme, Orphan, Revision, User
from backoffice.models.fiches.states import OPEN_STATES

MOST = 200
"""Maximum number of structures shown."""


def _alive() -> ColumnElement[bool]:
    """Condition on Fiche: published, or not archived with an open revision."""
    on_its_way = exists().where(Revision.fiche_id == Fiche.id, Revision.state.in_(OPEN_STATES))
    return or_(Fiche.state == FicheState.PUBLIEE, and_(Fiche.state != FicheState.ARCHIVEE, on_its_way))


def orphaned() -> ColumnElement[bool]:
    """Condition on Organisme: no active member, but fiches published or with an open revision."""
    somebody = exists(select(Membership.id).join(User).where(Membership.organisme_id == Organisme.id, User.active))
    theirs = select(Fiche.id).where(Fiche.organisme_id == Organisme.id)
    # `_alive` as two EXISTS: each stops at one fiche of the structure; a single one would scan everybody's revisions.
    published = theirs.where(Fiche.state == FicheState.PUBLIEE)
    open_version = and_(Revision.fiche_id == Fiche.id, Revision.state.in_(OPEN_STATES))
    on_its_way = theirs.where(Fiche.state != FicheState.ARCHIVEE).join(Revision, open_version)
    return and_(~somebody, or_(exists(on_its_way), exists(published)))


@dataclass(frozen=True)
class Left:
    """One orphan structure. fiches: its active fiches; noticed_at: when moderators were first notified."""

    organisme: Organisme
    fiches: int
    noticed_at: datetime | None


def orphans(session: Session, user: User) -> Sequence[Left]:
    """Orphan structures of the moderator's territoires, by name; MOST at most."""
    number = select(func.count()).where(Fiche.organisme_id == Organisme.id, _alive()).scalar_subquery()
    rows = session.execute(
        select(Organisme, number, Orphan.noticed_at)
        .outerjoin(Orphan, Orphan.organisme_id == Organisme.id)
        .where(Organisme.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)), orphaned())
        .order_by(Organisme.nom, Organisme.id)
        .limit(MOST)
    )
    return [Left(*row) for row in rows]


def count_orphans(session: Session, user: User) -> int:
    query = select(func.count()).where(Organisme.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)), orphaned())
    return session.scalar(query.select_from(Organisme)) or 0
