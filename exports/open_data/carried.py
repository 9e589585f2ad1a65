"""Fills the shapes of the open data (see `shapes`) with the values of the content.

A shape lists its fields in order. A field that is neither computed nor declared otherwise carries the public value
of the same name. A public value that no field carries is added at the end, so that a new value is declared only
once, in the content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import date
from functools import cache
from typing import Any, TypeVar, dataclass_transform, get_origin

from backoffice.models.content import Action, Contenu, hints, leaves, seen_by, spots
from exports.fragment.words import labels

T = TypeVar("T")


def told(description: str = "", *, header: str = "", of: str = "") -> Any:
    """Declares one field of a shape.

    description: default, the label of the value. header: column title in a spreadsheet; default, the description.
    of: the carried value, when its name differs: a pattern in a row, a name elsewhere.
    """
    return field(metadata={"description": description, "header": header or description, "of": of})


@dataclass(frozen=True, kw_only=True)
class Terme:
    """Un code et ce qu’il veut dire."""

    code: str = told("Code")
    libelle: str = told("Signification du code, à afficher")


def term(code: str, table: Mapping[Any, str]) -> Terme:
    """A code with its label; an unknown code is its own label."""
    return Terme(code=code, libelle=table.get(code, code))


def _completed(shape: type[T], found: Iterable[tuple[str, Any, str, str]]) -> type[T]:
    """Adds the found values that no field carries, and gives their labels to fields without a description.

    found: (value, type, label, header).
    """
    listed = {name: getattr(shape, name).metadata for name in shape.__annotations__}
    fields_of = {said["of"] or name: name for name, said in listed.items()}
    for of, type_, label, header in found:
        name = fields_of.get(of, of.rpartition(".")[2])
        said = listed.get(name, {"description": "", "header": header})
        shape.__annotations__.setdefault(name, type_)
        setattr(shape, name, told(said["description"] or label, header=said["header"], of=of))
    return dataclass(frozen=True, kw_only=True)(shape)


# --- Objects ---------------------------------------------------------------------------------------


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(told,))
def carries(*kinds: type) -> Callable[[type[T]], type[T]]:
    """Class decorator: a frozen dataclass that carries the public values of these parts of the content."""
    found = [
        (name, _type(kind, name), item.metadata["label"], "") for kind in kinds for name, item in _public(kind).items()
    ]
    return lambda shape: _completed(shape, found)


def carried(shape: type[T], *parts: Any, **computed: Any) -> T:
    """An instance of `shape` from the computed values and from these parts of a content: the first that has each value.

    A code becomes a Terme, unless the field is a text.
    """
    made = dict(computed)
    for item in fields(shape):  # type: ignore[arg-type]
        if item.name not in made:
            of = item.metadata["of"]
            part, known = next((part, known) for part in parts if of in (known := _public(part.__class__)))
            value = getattr(part, of)
            made[item.name] = value if item.type in (str, "str") else _value(value, known[of].metadata["choices"])
    return shape(**made)


@cache
def _public(kind: Any) -> dict[str, Field[Any]]:
    """Public values of a part, by name. The parts within it have their own shapes."""
    return {item.name: item for item in fields(kind) if item.metadata.get("public")}


def _type(kind: type, name: str) -> Any:
    if not _public(kind)[name].metadata["choices"]:
        return hints(kind)[name]
    return list[Terme] if get_origin(hints(kind)[name]) is list else Terme | None


def _value(value: Any, choices: Mapping[str, str]) -> Any:
    if not choices:
        return value
    if isinstance(value, list):
        return [term(code, choices) for code in value]
    return term(value, choices) if value else None


# --- Rows ------------------------------------------------------------------------------------------


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(told,))
def columns(shape: type[T]) -> type[T]:
    """Class decorator: a frozen dataclass of the values of a group; `of` is a pattern. Adds values with a header."""
    listed = {item.metadata["of"] for item in vars(shape).values() if isinstance(item, Field)}
    found = [spot for spot in leaves() if not spot.closed and (spot.header or spot.pattern in listed)]
    return _completed(
        shape,
        ((spot.pattern, spot.type if spot.kind in (int, date) else str, spot.label, spot.header) for spot in found),
    )


def carried_row(shape: type[T], content: Contenu, action: Action, **computed: Any) -> T:
    """Row of a group: the computed values, and the others in words, joined when there are several."""
    made = {
        item.name: _words(seen_by(content, action, of), spots()[of].choices)
        for item in fields(shape)  # type: ignore[arg-type]
        if item.name not in computed and (of := item.metadata["of"])
    }
    return shape(**made, **computed)


def _words(value: Any, choices: Mapping[str, str]) -> Any:
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if isinstance(value, list):
        return " | ".join(labels(value, choices)) if choices else ", ".join(value)
    return choices.get(value, value)
