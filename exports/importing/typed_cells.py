"""How the cells of a table leave, with their type, the child process that reads them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the child loads no module of the tables
    from backoffice.models.values.cells import Cell

_DAY, _HOUR = "d", "h"


def as_json(value: Any) -> Any:
    """The cell for `from_json`; a whole number is an int, a day and hour of midnight is a day."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, datetime):
        return {_DAY: value.date().isoformat()}
    if isinstance(value, date):
        return {_DAY: value.isoformat()}
    if isinstance(value, time):
        return {_HOUR: value.isoformat("minutes")}
    if isinstance(value, timedelta):
        return str(value)
    return value if isinstance(value, str | int | float | bool) else str(value)


def from_json(value: Any) -> Cell:
    if isinstance(value, dict):
        ((kind, text),) = value.items()
        return date.fromisoformat(text) if kind == _DAY else time.fromisoformat(text)
    kept: Cell = value
    return kept
