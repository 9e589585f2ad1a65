"""A moment that parts what is decided before from what is decided after, for good.

A decision takes its time of day, then commits a little later. A flow that only looked at the clock
could miss a decision that was under way, and the next differential too. So each decision holds a
shared lock while it works, and a cut waits for all of them before it reads the clock: whatever is
decided after the cut has a later time. SQLite has one writer at a time: taking its lock is enough.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from .clock import now

KEY = 7_350_104
"""Of the advisory lock on PostgreSQL; any number, the same everywhere."""


def decision_lock(session: Session) -> None:
    """To be called by a decision before it reads the clock; released when its transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": KEY})


def snapshot(session: Session) -> datetime:
    """Ends the session's transaction and returns a moment after every decision taken so far."""
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": KEY})
    else:
        session.execute(text("SELECT 1"))  # BEGIN IMMEDIATE: see backoffice.core.extensions
    at = now()
    session.rollback()
    return at


def exclusive_lock(session: Session) -> None:
    """Waits for the decisions that are under way, and holds off those to come until the transaction ends.

    To be called first: before a row is locked, so that nobody waits for a row that we hold while we wait for them.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": KEY})
