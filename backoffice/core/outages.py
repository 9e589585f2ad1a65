"""Tells a database that cannot be reached, or cannot write, from a fault of our own."""

from __future__ import annotations

import sqlite3
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}

POSTGRESQL = ("08", "25006", "40001", "40P01", "53", "55P03", "57P", "58")
"""Beginnings of SQLSTATE: connection, read-only server, serialisation, deadlock, resources, lock, shutdown, system."""

wrote: ContextVar[bool] = ContextVar("wrote", default=False)
"""Whether this request has sent a statement that may write."""


def is_outage(error: BaseException | None) -> bool:
    """Whether the database refused for a cause that time or an operator mends: stopped, full, busy, unreachable."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in SQLITE
    state = getattr(error.orig, "sqlstate", None)
    # psycopg gives no SQLSTATE when the server never answered.
    return type(error.orig).__name__ == "OperationalError" if state is None else state.startswith(POSTGRESQL)


def is_lost_connection(error: BaseException | None) -> bool:
    """Whether the connection died under a statement: the same statement may succeed on a new one."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


@event.listens_for(Engine, "before_cursor_execute")
def _note_write(*given: Any) -> None:
    context = given[4]
    if context is None or context.isinsert or context.isupdate or context.isdelete or context.is_text:
        wrote.set(True)
