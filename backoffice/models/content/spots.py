"""Patterns and paths, the names of spots of a content: see the package."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, reduce
from types import NoneType
from typing import Any, get_args, get_origin

from .declare import Reader
from .document import hints
from .parts import Action, Contenu, Lieu


@dataclass(frozen=True)
class Spot:
    """The declaration of one pattern.

    type: the Python type of the value (``list[str]``, ``date | None``, a dataclass…)
    lheo: absolute LHEO path, without the leading ``lheo/offres``; "" where the standard has none
    closed: why the open data leave it out, itself or the part that contains it; "" when it is public
    The other fields: see declare.
    """

    pattern: str
    label: str
    lheo: str
    type: Any
    choices: Mapping[str, str]
    reserve: int
    hidden: bool
    closed: str
    header: str
    reader: Reader | None
    multiline: bool

    @property
    def name(self) -> str:
        return self.pattern.rpartition(".")[2]

    @property
    def kind(self) -> Any:
        """The type of one value: of the items of a list, of an optional value when present."""
        return next((item for item in get_args(self.type) if item is not NoneType), self.type)

    @property
    def leaf(self) -> bool:
        """Whether it is a value, not a part or a list of parts."""
        return not dataclasses.is_dataclass(self.kind)


@cache
def spots() -> dict[str, Spot]:
    """{pattern: spot} of the whole model, parts and lists included, in document order."""
    return {spot.pattern: spot for spot in _spots(Contenu, "", "", "")}


def _spots(kind: type, prefix: str, lheo: str, closed: str) -> Iterator[Spot]:
    for item in fields(kind):
        type_ = hints(kind)[item.name]
        own = item.metadata["lheo"]
        path = own[1:] if own.startswith("/") else f"{lheo}/{own}" if lheo and own else own
        pattern = prefix + item.name
        said = item.metadata
        spot = Spot(
            pattern,
            said["label"],
            path,
            type_,
            said.get("choices", {}),
            said.get("reserve", 0),
            said.get("hidden", False),
            closed or said["closed"],
            said.get("header", ""),
            said.get("reader"),
            said.get("multiline", False),
        )
        if spot.leaf:
            yield spot
            continue
        if get_origin(type_) is list:
            spot = dataclasses.replace(spot, pattern=f"{pattern}[]")
        yield spot
        yield from _spots(spot.kind, f"{spot.pattern}.", path or lheo, spot.closed)


@cache
def leaves() -> tuple[Spot, ...]:
    """The leaves of the model, in document order."""
    return tuple(spot for spot in spots().values() if spot.leaf)


def pattern_of(path: str) -> str:
    """The pattern of a path: ``actions-0-nom`` → ``actions[].nom``."""
    return re.sub(r"-\d+", "[]", path).replace("-", ".")


def label_of(path: str) -> str:
    """The label of a spot, after the name and number of its rows."""
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
    """(path, value) of every spot of this content that matches the pattern, in document order."""
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


def seen_by(content: Contenu, action: Action | None, pattern: str) -> Any:
    """The value of a pattern for a group: from the group, its place or the whole fiche.

    A group without a place has the default values of Lieu. `action` may be None for a pattern of the whole fiche.
    """
    target, names = _part(content, action, pattern)
    return reduce(getattr, names, target)


def put(content: Contenu, action: Action | None, pattern: str, value: Any) -> None:
    """Sets the value that `seen_by` reads."""
    target, names = _part(content, action, pattern)
    setattr(reduce(getattr, names[:-1], target), names[-1], value)


def put_at(content: Contenu, path: str, value: Any) -> None:
    """Sets the value at a path of the content."""
    part, _, name = path.rpartition("-")
    target: Any = content
    for step in part.split("-") if part else ():
        target = target[int(step)] if step.isdecimal() else getattr(target, step)
    setattr(target, name, value)


def _part(content: Contenu, action: Action | None, pattern: str) -> tuple[Any, list[str]]:
    first, *names = pattern.split(".")
    if action is not None and first == "actions[]":
        return action, names
    if action is not None and first == "lieux[]":
        return content.place_of(action) or Lieu(), names
    return content, [first, *names]
