"""The clock: the only module that reads the current time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_clock: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    return _clock.get() or datetime.now(UTC)


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Within the block, `now()` returns `moment`. Used by the demonstration set, never by a request."""
    mark = _clock.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _clock.reset(mark)
