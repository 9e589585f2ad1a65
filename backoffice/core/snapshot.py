"""Snapshot instants: no decision committed later carries an earlier timestamp.

A decision reads the clock, then commits a little later. A flow that used the clock alone could miss a decision not
yet committed, and so could the next differential. So each decision holds a shared advisory lock until its transaction
ends, and a snapshot takes the lock exclusively before it reads the clock. SQLite allows one writer at a time: its write
lock is enough.
"""

from __future__ import annotations

import time
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from .clock import now

KEY = 7_350_104
"""Key of the PostgreSQL advisory lock: an arbitrary number."""


def decision_lock(session: Session) -> None:
    """Takes the shared lock, released when the transaction ends. A decision calls it before it reads the clock."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": KEY})


def snapshot(session: Session) -> datetime:
    """Ends the session's transaction and returns an instant later than every decision committed so far."""
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": KEY})
    else:
        session.execute(text("SELECT 1"))  # BEGIN IMMEDIATE: see backoffice.core.extensions
    at = now()
    session.rollback()
    return at


POLL, POLLS = 0.01, 200
"""`settled` looks every POLL seconds, POLLS times at most: two seconds."""

_HOLDERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 0 AND objid = :key AND objsubid = 1 AND granted AND mode = 'ShareLock'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()
"""


def settled(session: Session) -> bool:
    """Waits until the decisions now in progress have ended, without holding up new ones. False: they last too long.

    A row that a decision writes gets its id before the commit, so a reader that follows ids could pass a lower one
    not yet committed. Read the highest id first, then call this: once True, every id up to it is final, and a later
    query sees the rows. SQLite has one writer at a time: its ids are committed in order.
    """
    if session.get_bind().dialect.name != "postgresql":
        return True
    began = set(session.scalars(text(_HOLDERS), {"key": KEY}))
    for _ in range(POLLS):
        began &= set(session.scalars(text(_HOLDERS), {"key": KEY})) if began else began
        if not began:
            return True
        time.sleep(POLL)
    return False


def exclusive_lock(session: Session) -> None:
    """Waits for the decisions in progress, then blocks new ones until the transaction ends.

    Call it before locking any row. Otherwise a decision in progress could wait for that row while this call waits for
    the decision: a deadlock. SQLite needs nothing: see backoffice.core.extensions.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": KEY})
