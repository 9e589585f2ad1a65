"""The JSON form of a content: serialising, loading, fingerprint."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import fields
from datetime import date, time
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from .parts import Contenu

Document = dict[str, Any]
"""The JSON form of a content: str, int, bool, None, lists and dicts; dates as ISO 8601."""


class ContentError(ValueError):
    """A stored document does not match the content model."""


def dump(value: Any) -> Any:
    """The JSON form of a content, or of a part of it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: dump(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, list):
        return [dump(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    return value


def load(document: Document) -> Contenu:
    """The content of a stored document.

    An absent key takes its default, so that a content written before a field existed can still be read. Raises
    ContentError for an unknown key or a value of another type.
    """
    content = _load(Contenu, document, "")
    assert isinstance(content, Contenu)
    return content


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
