"""The change log of a territoire's settings."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, lazyload

from backoffice.models import Change, Territoire, User

SHOWN = 20


def last_changes(session: Session, territoire_id: int) -> Sequence[Change]:
    return session.scalars(
        select(Change)
        .where(Change.territoire_id == territoire_id, Change.subject == Territoire.__tablename__)
        .order_by(Change.id.desc())
        .limit(SHOWN)
        .options(joinedload(Change.actor).options(lazyload(User.memberships), lazyload(User.assignments)))
    ).all()
