"""Records SQL statements, so that tests count queries instead of timing them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from backoffice.core.extensions import db

from .visitor import Visitor

OPENING = ("BEGIN", "SELECT 1", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
"""Prefixes of statements that only open or end a transaction or a connection."""


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements sent to the base inside the block, in order, without those of OPENING."""
    found: list[str] = []

    def keep(_connection, _cursor, statement, *_):
        if not statement.startswith(OPENING):
            found.append(statement)

    event.listen(db.engine, "before_cursor_execute", keep)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", keep)


def queries_of(visitor: Visitor, url: str) -> int:
    """Number of SQL statements of a page. Asserts that it answers 200."""
    with statements() as found:
        assert visitor.get(url).status_code == 200
    return len(found)
