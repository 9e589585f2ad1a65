"""Cells of a table with their type: how they leave the child process that reads them, and their text."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

Cell: TypeAlias = str | int | float | bool | date | time
"""A cell as the spreadsheet holds it; "" when it is empty. A CSV file has texts only."""

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


def cell_text(value: Cell | None) -> str:
    """The text of a cell: 12 rather than 12.0, a day as AAAA-MM-JJ, a boolean as oui or non."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, time):
        return value.isoformat("minutes")
    return value.isoformat() if isinstance(value, date) else str(value)
