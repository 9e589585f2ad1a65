"""A view owns its transaction: domain code flushes, `atomic` commits or undoes everything."""

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
    """Runs `effect` once the transaction of `atomic` is committed; never, if it is undone.

    An effect keeps ids, not rows: what it needs, it reads again.
    """
    session.info.setdefault(_LATER, []).append(effect)
