"""What was changed in the settings of a territoire."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, lazyload

from backoffice.models import SettingChange, User

SHOWN = 20


def last_changes(session: Session, territoire_id: int) -> Sequence[SettingChange]:
    return session.scalars(
        select(SettingChange)
        .where(SettingChange.territoire_id == territoire_id)
        .order_by(SettingChange.id.desc())
        .limit(SHOWN)
        .options(joinedload(SettingChange.actor).options(lazyload(User.memberships), lazyload(User.assignments)))
    ).all()
