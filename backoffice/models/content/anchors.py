"""A spot of a content named so that it is found again in the next version, whatever row came before it.

In an anchor a place, a group or dates are named by their local id where a path has their rank:
``actions-G2-sessions-S3-debut`` for ``actions-0-sessions-0-debut``.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from . import Contenu


def anchor_of(content: Contenu, path: str) -> str:
    """The anchor of a path; "" for the whole entry. Raises LookupError when the path leads nowhere."""
    return _walk(content, path, by_id=False)


def path_of(content: Contenu, anchor: str) -> str | None:
    """The path of an anchor in this content, which is also the id of its field; None when its row is gone."""
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
    """A row of a list and its other name: its rank for its id, its id for its rank. Rows without id keep their rank."""
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
