"""Keeps what people change outside the life of fiches: see backoffice.models.changes."""

from __future__ import annotations

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from backoffice.models import Change, User
from backoffice.models.base import Model


def record(
    session: Session,
    actor: User | None,
    row: Model,
    name: str,
    before: str,
    after: str,
    territoire_id: int | None = None,
) -> None:
    """One value of a row that is in the base, as people read it; nothing when it stayed the same.

    territoire_id: whose moderators may read it. Who passes a personal datum of the row leaves its values out.
    """
    if before == after:
        return
    identity = inspect(row).identity
    assert identity is not None, "a row that is not in the base yet has no name to be kept under"
    session.add(
        Change(
            actor_id=actor.id if actor else None,
            territoire_id=territoire_id,
            subject=row.__tablename__,
            subject_id="-".join(map(str, identity)),
            name=name,
            before=before,
            after=after,
        )
    )
