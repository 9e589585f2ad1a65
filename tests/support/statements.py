"""What the base is asked: to count queries, never to time them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from backoffice.core.extensions import db

from .visitor import Visitor

OPENING = ("BEGIN", "SELECT 1", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
"""How an order starts that only opens or ends a transaction or a connection."""


@contextmanager
def statements() -> Iterator[list[str]]:
    """The orders sent to the base within, in order; without those of OPENING."""
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
    """How many orders a page asks of the base."""
    with statements() as found:
        assert visitor.get(url).status_code == 200
    return len(found)
