"""Finds the commune meant by a postal code and a town, as people write them on an envelope."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz import fuzz

from backoffice.core.text import search_key

from .communes import departements, former_names


class Commune(Protocol):
    nom: str
    code_insee: str
    departement: str
    region: str


class CommuneFinder(Protocol):
    def __call__(self, postal_code: str, /) -> Sequence[Commune]:
        """All communes with this postal code."""

    def by_insee(self, code_insee: str, /) -> Commune | None:
        """The commune of this Insee code; the city, for one of its arrondissements."""

    def like(self, text: str, /) -> Sequence[tuple[Commune, str]]:
        """(commune, postal code) candidates for a name, possibly misspelt, or for the beginning of a code."""


@dataclass(frozen=True)
class Town:
    """commune: None when it was not found. wrong_code, wrong_town: why, in French, at the field that is wrong."""

    commune: Commune | None = None
    wrong_code: str = ""
    wrong_town: str = ""


ALIKE = 80
"""Least similarity, out of 100, between the typed town and a commune of the postal code."""

_CEDEX = re.compile(r" ?\bcedex\b ?\d{0,2}")
_RANK = r"\d{1,2} ?(?:er|e|eme|ieme)?"
_ARRONDISSEMENT = re.compile(rf"^{_RANK} arrondissement (?:de |d )?| {_RANK}(?: arr(?:ondissement|dt)?)?$")


def town_of(code: str, town: str, find: CommuneFinder, insee: str = "") -> Town:
    """The commune of an address. insee: its Insee code, which decides when there is one.

    CEDEX, the number of an arrondissement, the name of a former commune or of a locality of the postal code are
    understood. Without a town, a postal code with a single commune is enough.
    """
    if insee and (known := find.by_insee(insee)):
        return Town(known)
    wanted = bare(town)
    communes = find(code)
    if not communes:
        same = {found.code_insee: found for found in _homonyms(wanted, find) if _within(code, found)}
        return Town(next(iter(same.values()))) if len(same) == 1 else Town(wrong_code=unknown_code(code))
    match = _named(wanted, communes, find) if wanted else list(communes)
    if len(match) == 1:
        return Town(match[0])
    names = ", ".join(sorted(commune.nom for commune in communes)[:15])
    return Town(wrong_town=f"Le code postal {code} est celui de : {names}. Écrivez l’un de ces noms.")


def bare(town: str) -> str:
    """The folded name of a town, without CEDEX nor the number of an arrondissement."""
    return _ARRONDISSEMENT.sub("", _CEDEX.sub("", search_key(town)).strip()).strip()


def unknown_code(code: str) -> str:
    """Why a postal code is no commune's, in French: wrong, or perhaps that of a CEDEX."""
    if any(_begins(code, one) for one in departements()):
        return (
            f"Aucune commune n’a le code postal {code} : c’est peut-être celui d’un CEDEX. "
            "Écrivez celui de la commune, comme 14000."
        )
    return f"Aucune commune n’a le code postal {code}. Vérifiez-le."


def _named(wanted: str, communes: Sequence[Commune], find: CommuneFinder) -> list[Commune]:
    """Those of these communes that the folded name may mean, from the strictest way of comparing to the loosest."""
    keys = {commune.code_insee: search_key(commune.nom) for commune in communes}
    former = {code: former_names().get(code, ()) for code in keys}
    ways: tuple[Callable[[str], bool], ...] = (
        lambda code: wanted == keys[code],
        lambda code: wanted in former[code],
        lambda code: wanted in keys[code],
        lambda code: any(f" {wanted} " in f" {name} " for name in former[code]),
        lambda code: fuzz.ratio(keys[code], wanted) >= ALIKE,
    )
    for means in ways:
        if match := [commune for commune in communes if means(commune.code_insee)]:
            return match
    if len(communes) == 1 and not any(_elsewhere(wanted, communes[0], one) for one, _ in find.like(wanted)):
        return [*communes]  # a locality, a quarter: all that has this postal code is in this commune
    return []


def _elsewhere(wanted: str, here: Commune, other: Commune) -> bool:
    """Whether the name is that of another commune, or begins that of a neighbour."""
    key = search_key(other.nom)
    return key == wanted or (key.startswith(wanted) and other.departement == here.departement)


def _homonyms(wanted: str, find: CommuneFinder) -> Iterable[Commune]:
    return (found for found, _ in find.like(wanted) if search_key(found.nom) == wanted) if wanted else ()


def _within(code: str, commune: Commune) -> bool:
    return _begins(code, commune.departement)


def _begins(code: str, departement: str) -> bool:
    """Whether the postal code is of this département: those of Corse begin with 20."""
    return code.startswith("20" if departement in ("2A", "2B") else departement)
