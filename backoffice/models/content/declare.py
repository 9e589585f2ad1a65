"""How the parts of the content declare their values: see parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import partial
from typing import Any


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
) -> Any:
    """Declares one value that is left out of the open data; `closed` says why. See `public`.

    choices: {code: words}, the closed list that the answer is taken from.
    reserve: characters of the LHEO element kept for what the export writes beside this value.
    hidden: settled by the application, never typed.
    header: title of its column in the CSV of the open data, which has one row a group; "" for no column.

    Raises ValueError unless exactly one of `open` and `closed` is said.
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
    }
    if default in ([], {}):
        return field(default_factory=type(default), metadata=metadata)
    return field(default=default, metadata=metadata)


public = partial(leaf, open=True)
"""Declares one value that anybody may read and copy for ever: the open data carry it."""


def part(label: str, kind: type, lheo: str = "", *, closed: str = "") -> Any:
    """Declares one nested object. closed: why the open data leave it out, "" when they carry its public values."""
    return field(default_factory=kind, metadata={"label": label, "lheo": lheo, "closed": closed})


def many(label: str, lheo: str = "", *, closed: str = "") -> Any:
    """Declares a list of nested objects. closed: as for a part."""
    return field(default_factory=list, metadata={"label": label, "lheo": lheo, "closed": closed})
