"""The JSON form of a content: serialising, loading, fingerprint."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import fields
from datetime import date, time
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from .parts import Contenu, Lieu
from .structure import Contact, Structure
from .upgrades import VERSION, ContentError, Document, current, upgraded


def dump(value: Any) -> Any:
    """The JSON form of a content, with its version, or of a part of it, without. To store a part: `dump_part`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        document = {item.name: dump(getattr(value, item.name)) for item in fields(value)}
        return {VERSION: current(), **document} if isinstance(value, Contenu) else document
    if isinstance(value, list):
        return [dump(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    return value


def load(document: Document) -> Contenu:
    """The content of a stored document, upgraded from the version that wrote it: see `upgrades`.

    An absent key takes its default, so that a content written before a field existed can still be read. Raises
    ContentError for an unknown version, an unknown key or a value of another type.
    """
    content = _load(Contenu, upgraded(document), "")
    assert isinstance(content, Contenu)
    return content


Part = TypeVar("Part", Structure, Contact, Lieu)
"""The parts that a structure stores on its own."""

_WITHIN: dict[type, tuple[Callable[[Document], Document], Callable[[Contenu], Any]]] = {
    Structure: (lambda part: {"structure": part}, lambda content: content.structure),
    Contact: (lambda part: {"structure": {"contact": part}}, lambda content: content.structure.contact),
    Lieu: (lambda part: {"lieux": [part]}, lambda content: content.lieux[0]),
}
"""{part: (the content that has only this part, the part of a content)}"""


def dump_part(part: Structure | Contact | Lieu) -> Document:
    """The document to store of a part, with its version."""
    document: Document = dump(part)
    return {VERSION: current(), **document}


def load_part(kind: type[Part], document: Document) -> Part:
    """The part that `dump_part` stored, upgraded as `load` does. Raises ContentError as `load` does."""
    whole, taken = _WITHIN[kind]
    own = {key: value for key, value in document.items() if key != VERSION}
    part: Part = taken(load({VERSION: document.get(VERSION, 1), **whole(own)}))
    return part


def fingerprint(document: Any) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON of a document: equal contents have equal fingerprints."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def hints(kind: type) -> dict[str, Any]:
    """The resolved type of each field of a content class."""
    return get_type_hints(kind)


def _load(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise ContentError(f"{where or 'contenu'}: un objet était attendu")
        types = hints(kind)
        if unknown := value.keys() - types.keys():
            raise ContentError(f"{where or 'contenu'}: champs inconnus {sorted(unknown)}")
        return kind(**{name: _load(types[name], item, f"{where}.{name}") for name, item in value.items()})
    if get_origin(kind) is list:
        if not isinstance(value, list):
            raise ContentError(f"{where}: une liste était attendue")
        (inner,) = get_args(kind)
        return [_load(inner, item, f"{where}[]") for item in value]
    if get_origin(kind) in (Union, UnionType):
        if value is None:
            return None
        kind = next(choice for choice in get_args(kind) if choice is not type(None))
    if kind in (date, time):
        try:
            return kind.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise ContentError(f"{where}: {value!r} n’est pas de type {kind.__name__}") from error
    if type(value) is not kind:
        raise ContentError(f"{where}: {value!r} n’est pas de type {kind.__name__}")
    return value
