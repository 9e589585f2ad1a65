"""Finds the commune meant by a postal code and a town, as people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from rapidfuzz import fuzz
from werkzeug.datastructures import MultiDict
from wtforms import Field

from backoffice.core.text import search_key

from .builder import StepForm
from .fields import Line


class Commune(Protocol):
    nom: str
    code_insee: str
    departement: str
    region: str


class CommuneFinder(Protocol):
    def __call__(self, postal_code: str, /) -> Sequence[Commune]:
        """All communes with this postal code."""

    def like(self, text: str, /) -> Sequence[tuple[Commune, str]]:
        """(commune, postal code) candidates for a name, possibly misspelt, or for the beginning of a code."""


ALIKE = 80
"""Least similarity, out of 100, between the typed town and a commune of the postal code."""


def town_of(code: str, town: str, find: CommuneFinder) -> tuple[Commune | None, str, str]:
    """(commune or None, error on the postal code, error on the town).

    Without a town, a postal code with a single commune is enough.
    """
    communes = find(code)
    if not communes:
        return None, f"Aucune commune n’a le code postal {code}. Vérifiez-le.", ""
    wanted = search_key(town)
    match = [commune for commune in communes if search_key(commune.nom) == wanted]
    if not match and wanted:
        match = [commune for commune in communes if wanted in search_key(commune.nom)]
    if not match and wanted:
        match = [commune for commune in communes if fuzz.ratio(search_key(commune.nom), wanted) >= ALIKE]
    if not wanted and len(communes) == 1:
        match = list(communes)
    if len(match) == 1:
        return match[0], "", ""
    names = ", ".join(sorted(commune.nom for commune in communes)[:15])
    return None, "", f"Le code postal {code} est celui de : {names}. Écrivez l’un de ces noms."


def settle(form: StepForm, find: CommuneFinder) -> None:
    """Checks the town of an address and sets `form.codes`: (INSEE code, département, région).

    A postal code with a single commune is enough, and so is the name of a commune with a single postal code. A town
    that the postal code does not have is an error, which lists those that it has.
    """
    form.codes = ("", "", "")
    code, town = form["code_postal"], form["ville"]
    if code.errors or town.errors:
        return
    _unfold(code, town)
    if not code.data and town.data:
        _by_name(code, town, find)
    if not code.data:
        return
    commune, wrong_code, wrong_town = town_of(code.data, town.data, find)
    if wrong_code:
        code.errors = [wrong_code]
    if wrong_town:
        town.errors = [wrong_town]
    if commune is not None:
        town.data = commune.nom
        form.codes = (commune.code_insee, commune.departement, commune.region)


def _unfold(code: Field, town: Field) -> None:
    """Splits «Caen (14000)», the format of the choices, and «14000 Caen», the format of an envelope."""
    found = re.fullmatch(r"(?P<town>.*\S)\s*\((?P<code>\d{5})\)|(?P<before>\d{5})\s*(?P<after>.*)", town.data, re.ASCII)
    if found:
        code.data = found["code"] or found["before"]
        town.data = found["town"] or found["after"] or ""


def _by_name(code: Field, town: Field, find: CommuneFinder) -> None:
    """Sets the postal code of a town when a single commune has this name, with a single postal code."""
    same = [(commune, postal) for commune, postal in find.like(town.data) if _same(commune, town.data)]
    if len(same) == 1:
        code.data = same[0][1]


def _same(commune: Commune, text: str) -> bool:
    return search_key(commune.nom) == search_key(text)


def offer(form: StepForm, find: CommuneFinder) -> None:
    """Suggests communes beside the town (`offered`) when the address is incomplete or wrong."""
    code, town = form["code_postal"], form["ville"]
    assert isinstance(town, Line)
    if town.data and (not code.data or code.errors or town.errors):
        town.offered = find.like(town.data)
    elif code.data and not town.data:
        town.offered = find.like(code.data)


def choose(posted: MultiDict[str, str], order: str) -> MultiDict[str, str]:
    """The posted page with the chosen commune. order: ``commune:lieux-0-adresse:14000:Caen``."""
    _, path, code, town = [*order.split(":", 3), "", "", ""][:4]
    chosen = MultiDict(posted)
    for name, text in (("code_postal", code), ("ville", town)):
        if f"{path}-{name}" in posted:
            chosen.setlist(f"{path}-{name}", [text])
    return chosen
