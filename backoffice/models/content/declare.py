"""Field declarations used by `parts`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from backoffice.models.values import answers
from backoffice.models.values.answers import Unit
from backoffice.models.values.cells import Cell

UNASKED = "no reader has asked for it"
"""A reason for which a value is left out of the open data."""

Reader = Callable[[Cell], Any]
"""Typed text or cell of a spreadsheet → stored value. Raises Fault. Never given an empty answer."""


@dataclass(frozen=True)
class Count:
    """Reader of a whole number between two bounds, included."""

    unit: Unit = Unit.NONE
    low: int = 0
    high: int = 99_999

    def __call__(self, cell: Cell) -> int:
        return answers.count(cell, self.unit, self.low, self.high)


def leaf(
    label: str,
    lheo: str = "",
    *,
    default: Any = "",
    choices: Mapping[str, str] | None = None,
    reserve: int = 0,
    hidden: bool = False,
    open: bool = False,  # noqa: A002
    closed: str = "",
    header: str = "",
    reader: Reader | None = None,
    multiline: bool = False,
) -> Any:
    """Declares a value that is left out of the open data; `closed` says why. See `public`.

    choices: {code: label}, the closed list of answers.
    reserve: characters of the LHEO element kept for what the export adds beside this value.
    hidden: set by the application, never typed.
    header: its column title in the CSV of the open data, which has one row per group; "" for no column.
    reader: reads its values at every door: see exports.lheo.fields. None: the reader of its type and choices.
    multiline: a text whose line breaks are kept.

    Raises ValueError unless exactly one of `open` and `closed` is given.
    """
    if open == bool(closed):
        raise ValueError(f"{label}: public, or closed for a reason")
    metadata = {
        "label": label,
        "lheo": lheo,
        "choices": choices or {},
        "reserve": reserve,
        "hidden": hidden,
        "public": open,
        "closed": closed,
        "header": header,
        "reader": reader,
        "multiline": multiline,
    }
    if default in ([], {}):
        return field(default_factory=type(default), metadata=metadata)
    return field(default=default, metadata=metadata)


public = partial(leaf, open=True)
"""Declares a value that anybody may read and reuse: it is in the open data."""


def part(label: str, kind: type, lheo: str = "", *, closed: str = "") -> Any:
    """Declares a nested object. closed: why it is left out of the open data; "" when its public values are in."""
    return field(default_factory=kind, metadata={"label": label, "lheo": lheo, "closed": closed})


def many(label: str, lheo: str = "", *, closed: str = "") -> Any:
    """Declares a list of nested objects. closed: as for `part`."""
    return field(default_factory=list, metadata={"label": label, "lheo": lheo, "closed": closed})
