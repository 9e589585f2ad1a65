"""Field declarations used by `parts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import partial
from typing import Any

from backoffice.models.values.answers import Unit


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
    unit: Unit = Unit.NONE,
) -> Any:
    """Declares a value that is left out of the open data; `closed` says why. See `public`.

    choices: {code: label}, the closed list of answers.
    reserve: characters of the LHEO element kept for what the export adds beside this value.
    hidden: set by the application, never typed.
    unit: what a number counts.
    header: its column title in the CSV of the open data, which has one row per group; "" for no column.

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
        "unit": unit,
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
