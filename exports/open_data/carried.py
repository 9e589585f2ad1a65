"""How a shape of the open data takes the values of the content: see open_shapes.

A shape lists its fields in their order. Those that are neither computed nor said otherwise carry the public
value of the same name. A public value that no field carries is added at the end, so that one more value is
declared once, in the content.
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
    """Declares one field. `header` is its column in a spreadsheet; the description serves by default.

    of: the value that it carries, when that has another name: a pattern in a row, a name elsewhere.
    Without a description, the words of the value serve.
    """
    return field(metadata={"description": description, "header": header or description, "of": of})


@dataclass(frozen=True, kw_only=True)
class Terme:
    """Un code et ce qu’il veut dire."""

    code: str = told("Code")
    libelle: str = told("Signification du code, à afficher")


def term(code: str, table: Mapping[Any, str]) -> Terme:
    """A code that the table does not know stands for itself."""
    return Terme(code=code, libelle=table.get(code, code))


def _completed(shape: type[T], found: Iterable[tuple[str, Any, str, str]]) -> type[T]:
    """found: (value, type, label, header). Adds those that no field carries, and gives its words to the others."""
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
    """Makes a frozen dataclass that carries the public values of these parts of the content."""
    found = [
        (name, _type(kind, name), item.metadata["label"], "") for kind in kinds for name, item in _public(kind).items()
    ]
    return lambda shape: _completed(shape, found)


def carried(shape: type[T], *parts: Any, **computed: Any) -> T:
    """A shape filled with what is computed, and from these parts of a content: the first that has each value.

    A code is said with its words, save where the shape asks for a text.
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
    """The public values of a part. The parts within it have shapes of their own."""
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
    """Makes a frozen dataclass of what is said of one group; `of` is a pattern. Values that have a header are added."""
    listed = {item.metadata["of"] for item in vars(shape).values() if isinstance(item, Field)}
    found = [spot for spot in leaves() if not spot.closed and (spot.header or spot.pattern in listed)]
    return _completed(
        shape,
        ((spot.pattern, spot.type if spot.kind in (int, date) else str, spot.label, spot.header) for spot in found),
    )


def carried_row(shape: type[T], content: Contenu, action: Action, **computed: Any) -> T:
    """The row of a group: what is computed, and values in words, several of them joined."""
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
