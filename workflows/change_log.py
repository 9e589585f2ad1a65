"""Writes the change log: changes made outside the workflow of fiches. See `backoffice.models.change_log`."""

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
"""{column to log: {code: label}}. No column may hold a name or an address of a person."""


def record(
    session: Session,
    actor: User | None,
    row: Model,
    name: str,
    before: str,
    after: str,
    territoire_id: int | None = None,
) -> None:
    """Logs one changed value of a persisted row, as users read it. Does nothing when before == after.

    territoire_id: the territoire whose moderators may read it. For personal data, pass a placeholder, not the values.
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
    """{column: its value as users read it}; "" when empty."""
    found = {name: shown(getattr(row, name), words) for name, words in columns.items()}
    return {name: "" if text == NOTHING else text for name, text in found.items()}


def record_all(
    session: Session, actor: User | None, row: Model, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Logs each value that differs. before, after: from `said`; before is empty for a created row, after for a
    deleted one."""
    where = getattr(row, "territoire_id", None)
    for name in {**before, **after}:
        record(session, actor, row, name, before.get(name, ""), after.get(name, ""), where)


@contextmanager
def kept(session: Session, actor: User | None, row: Model, columns: Columns) -> Iterator[None]:
    """Context manager: logs what the block changes in `row`, including its creation or deletion. Flushes."""
    before = said(row, columns) if inspect(row).persistent else {}
    yield
    session.flush()
    record_all(session, actor, row, before, {} if inspect(row).deleted else said(row, columns))
