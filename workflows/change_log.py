"""Keeps what people change outside the life of fiches: see backoffice.models.change_log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from backoffice.models import Change, User
from backoffice.models.base import Model
from backoffice.models.display import NOTHING, shown

Columns = Mapping[str, Mapping[Any, str]]
"""Columns of a table that are kept, each with the words of its codes: none may say who or where a person is."""


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


def said(row: Any, columns: Columns) -> dict[str, str]:
    """{column: its value as people read it}; "" where there is nothing."""
    found = {name: shown(getattr(row, name), words) for name, words in columns.items()}
    return {name: "" if text == NOTHING else text for name, text in found.items()}


def record_all(
    session: Session, actor: User | None, row: Model, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Each value that differs, see `said`; before is empty for a row that was made, after for one that is deleted."""
    where = getattr(row, "territoire_id", None)
    for name in {**before, **after}:
        record(session, actor, row, name, before.get(name, ""), after.get(name, ""), where)


@contextmanager
def kept(session: Session, actor: User | None, row: Model, columns: Columns) -> Iterator[None]:
    """Keeps what the block changes in a row, one that it makes or deletes too."""
    before = said(row, columns) if inspect(row).persistent else {}
    yield
    session.flush()
    record_all(session, actor, row, before, {} if inspect(row).deleted else said(row, columns))
