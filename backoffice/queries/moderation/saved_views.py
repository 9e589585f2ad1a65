"""The saved views of the queue, visible only to their owner."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import SavedView, User


def own_views(session: Session, user: User) -> Sequence[SavedView]:
    return session.scalars(select(SavedView).where(SavedView.user_id == user.id).order_by(SavedView.name)).all()


def own_view(session: Session, user: User, view_id: int) -> SavedView | None:
    return session.scalars(select(SavedView).where(SavedView.id == view_id, SavedView.user_id == user.id)).first()
