"""Text of a database value, for the administration tables and the change log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from functools import singledispatch
from operator import attrgetter
from typing import Any

from backoffice.core.dates import PARIS, hour, local_day, short_day

from . import Campaign, Convention, Fiche, Flux, ModerationRule, Organisme, Territoire, User

NOTHING = "–"


def shown(value: Any, words: Mapping[Any, str]) -> str:
    """The text of a value, or of each item of a collection; «–» when empty. words: {code: label} of its codes."""
    if isinstance(value, list | tuple | set):
        return ", ".join(shown(one, words) for one in value) or NOTHING
    if isinstance(value, int | str) and value in words:
        return words[value]
    return (text(value) if value is not None else "") or NOTHING


@singledispatch
def text(value: Any) -> str:
    return str(value)


@text.register
def _(value: bool) -> str:
    return "Oui" if value else "Non"


@text.register
def _(value: date) -> str:
    return short_day(value)


@text.register
def _(value: datetime) -> str:
    return f"{short_day(local_day(value))} à {hour(value.astimezone(PARIS).time())}"


@text.register
def _(value: Enum) -> str:
    return str(getattr(value, "label", value.value))


@text.register(dict)
def _(value: dict[str, object]) -> str:
    return " ; ".join(f"{key} : {shown(one, {})}" for key, one in value.items())


@text.register
def _(value: Fiche) -> str:
    return value.numero or f"Fiche {value.id}, sans numéro"


CALLED: dict[type, str] = {
    Territoire: "nom",
    Organisme: "nom",
    User: "name",
    Flux: "title",
    Campaign: "label",
    Convention: "reference",
    ModerationRule: "latest.name",
}
"""{model: attribute that names a row of it}."""

for kind, name in CALLED.items():
    text.register(kind, attrgetter(name))
