"""Programmes of grants (programmes.toml) and obligations (obligations.toml), both written for this project."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from backoffice.core.text import search_key

from .files import FOLDER


@dataclass(frozen=True, slots=True)
class Programme:
    """dispositifs: codes of those it funds; synonyms: other spellings of its code in imported lists."""

    code: str
    label: str
    payer: str
    dispositifs: tuple[str, ...]
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Texts of one obligation, in French. todo: follows «Il vous reste à»."""

    kind: str
    label: str
    title: str
    rule: str
    todo: str
    checked_by: str
    due: str

    def due_in(self, year: int) -> date:
        """Last day to meet it, for a grant of that year."""
        return date.fromisoformat(f"{year}-{self.due}")


@cache
def programmes() -> dict[str, Programme]:
    """By code, in the order of the file."""
    return {
        code: Programme(code, row["label"], row["payer"], tuple(row["dispositifs"]), tuple(row["synonyms"]))
        for code, row in _tables("programmes.toml").items()
    }


@cache
def obligations() -> dict[str, Rule]:
    """{kind: rule}, in the order of the file; kind: a value of ObligationKind."""
    return {kind: Rule(kind, **row) for kind, row in _tables("obligations.toml").items()}


def programme_named(text: str) -> Programme | None:
    """The programme with this code, label or synonym, ignoring accents, capitals and spaces; None when unknown."""
    return _names().get(_key(text))


@cache
def _names() -> dict[str, Programme]:
    return {_key(name): row for row in programmes().values() for name in (row.code, row.label, *row.synonyms)}


def _key(text: str) -> str:
    return search_key(text).replace(" ", "")


def _tables(name: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))
