"""Patterns and paths: the ways to name a spot of the content, see the package."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_args, get_origin

from .document import hints
from .parts import Contenu


@dataclass(frozen=True)
class Spot:
    """What the model says of one pattern.

    type: the Python type of the value (``list[str]``, ``date | None``, a dataclass…)
    lheo: absolute LHEO path, without the leading ``lheo/offres``, or "" where the standard has none
    """

    pattern: str
    label: str
    lheo: str
    reserve: int
    hidden: bool
    type: Any


@cache
def spots() -> dict[str, Spot]:
    """Every pattern of the model, parts and lists included, in document order."""
    return {spot.pattern: spot for spot in _spots(Contenu, "", "")}


def _spots(kind: type, prefix: str, lheo: str) -> Iterator[Spot]:
    for item in fields(kind):
        type_ = hints(kind)[item.name]
        own = item.metadata["lheo"]
        path = own[1:] if own.startswith("/") else f"{lheo}/{own}" if lheo and own else own
        inner = get_args(type_)[0] if get_origin(type_) is list else type_
        nested = dataclasses.is_dataclass(inner)
        pattern = prefix + item.name + ("[]" if nested and inner is not type_ else "")
        yield Spot(
            pattern,
            item.metadata["label"],
            path,
            item.metadata.get("reserve", 0),
            item.metadata.get("hidden", False),
            type_,
        )
        if nested:
            yield from _spots(inner, pattern + ".", path or lheo)


def pattern_of(path: str) -> str:
    """The pattern of a path: ``actions-0-nom`` → ``actions[].nom``."""
    return re.sub(r"-\d+", "[]", path).replace("-", ".")


def label_of(path: str) -> str:
    """What people call this spot: its own label, after the row it stands in."""
    spot = spots()[pattern_of(path)]
    rows = [
        f"{ROW_NAMES[pattern_of(path[: match.start()])]} {int(match[1]) + 1}" for match in re.finditer(r"-(\d+)", path)
    ]
    return ", ".join([*rows, spot.label])


ROW_NAMES = {
    "lieux": "Lieu",
    "actions": "Groupe",
    "actions[].creneaux": "créneau",
    "actions[].sessions": "dates",
    "actions[].sessions[].recrutements": "rendez-vous",
    "financement.financeurs": "Financeur",
}


def values(content: Contenu, pattern: str) -> Iterator[tuple[str, Any]]:
    """(path, value) of every spot of this content that the pattern names, in document order."""
    yield from _values(content, pattern.split("."), "")


def _values(target: Any, names: list[str], path: str) -> Iterator[tuple[str, Any]]:
    name, rest = names[0], names[1:]
    value = getattr(target, name.removesuffix("[]"))
    here = f"{path}-{name.removesuffix('[]')}" if path else name.removesuffix("[]")
    found = [(f"{here}-{rank}", row) for rank, row in enumerate(value)] if name.endswith("[]") else [(here, value)]
    for where, item in found:
        if rest:
            yield from _values(item, rest, where)
        else:
            yield where, item
