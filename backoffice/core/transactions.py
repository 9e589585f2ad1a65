"""Unit of work: a view owns its transaction; domain code flushes, `atomic` commits or rolls back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from .extensions import db

_LATER = "relais_after_commit"


@contextmanager
def atomic() -> Iterator[Session]:
    session = db.session()
    try:
        yield session
        session.commit()
    except BaseException:
        session.info.pop(_LATER, None)
        session.rollback()
        raise
    for effect in session.info.pop(_LATER, []):
        effect()


def on_commit(session: Session, effect: Callable[[], None]) -> None:
    """Runs `effect` after `atomic` commits; never if the transaction is rolled back.

    An effect must keep ids, not rows, and read again what it needs.
    """
    session.info.setdefault(_LATER, []).append(effect)
