"""Anchors: names of spots that stay valid in the next version, when rows were added or removed.

An anchor has the local id of a place, a group or a session where a path has its rank:
``actions-G2-sessions-S3-debut`` for ``actions-0-sessions-0-debut``.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from . import Contenu


def anchor_of(content: Contenu, path: str) -> str:
    """The anchor of a path; "" for the whole fiche. Raises LookupError when the path does not exist."""
    return _walk(content, path, by_id=False)


def path_of(content: Contenu, anchor: str) -> str | None:
    """The path of an anchor in this content, which is the HTML id of its field; None when its row was deleted."""
    try:
        return _walk(content, anchor, by_id=True)
    except LookupError:
        return None


def _walk(content: Contenu, said: str, *, by_id: bool) -> str:
    target: Any = content
    names = []
    for name in said.split("-") if said else ():
        if isinstance(target, list):
            target, name = _row(target, name, by_id=by_id)
        elif dataclasses.is_dataclass(target) and name in (item.name for item in dataclasses.fields(target)):
            target = getattr(target, name)
        else:
            raise LookupError(said)
        names.append(name)
    return "-".join(names)


def _row(rows: list[Any], name: str, *, by_id: bool) -> tuple[Any, str]:
    """A row of a list and its other name: its rank (`by_id`), else its id. A row without id keeps its rank."""
    if by_id:
        for rank, row in enumerate(rows):
            if getattr(row, "id", None) == name:
                return row, str(rank)
    if not (name.isascii() and name.isdecimal()) or len(name) > 4 or int(name) >= len(rows):
        raise LookupError(name)
    row = rows[int(name)]
    own = str(getattr(row, "id", ""))
    if not dataclasses.is_dataclass(row) or (by_id and own):
        raise LookupError(name)
    return row, own or name
