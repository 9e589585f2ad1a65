"""A view owns its transaction: domain code flushes, `atomic` commits or undoes everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from backoffice.extensions import db


@contextmanager
def atomic() -> Iterator[Session]:
    try:
        yield db.session  # type: ignore[misc]
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
