"""The clock: the only place that reads the time of day."""

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
    """Within, `now()` is this moment: the demonstration set has a past. Requests never use it."""
    mark = _clock.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _clock.reset(mark)
