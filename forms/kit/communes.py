"""A postal code and a town, as people write them, to the commune that they mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from rapidfuzz import fuzz
from werkzeug.datastructures import MultiDict
from wtforms import Field

from backoffice.reference.communes import search_key

from .builder import StepForm
from .fields import Line


class Commune(Protocol):
    nom: str
    code_insee: str
    departement: str
    region: str


class CommuneFinder(Protocol):
    def __call__(self, postal_code: str, /) -> Sequence[Commune]:
        """All the communes that have this postal code."""

    def like(self, text: str, /) -> Sequence[tuple[Commune, str]]:
        """(commune, postal code) that a name, misspelt perhaps, or the beginning of a code may mean."""


ALIKE = 80
"""Out of 100, between a town as typed and one that the postal code has."""


def town_of(code: str, town: str, find: CommuneFinder) -> tuple[Commune | None, str, str]:
    """(the commune meant, what is wrong with the postal code, what is wrong with the town).

    A postal code that only one commune has is enough.
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
    """Checks the town of an address and remembers its codes on the form, as (insee, departement, region).

    A postal code that only one commune has is enough, and so is the name of a commune that has only one
    postal code. A town that the postal code does not have is an error that names those it has.
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
    """«Caen (14000)», as the choices are written, and «14000 Caen», as on an envelope."""
    found = re.fullmatch(r"(?P<town>.*\S)\s*\((?P<code>\d{5})\)|(?P<before>\d{5})\s*(?P<after>.*)", town.data, re.ASCII)
    if found:
        code.data = found["code"] or found["before"]
        town.data = found["town"] or found["after"] or ""


def _by_name(code: Field, town: Field, find: CommuneFinder) -> None:
    """The postal code of a town that is the only one of its name and has only one; else nothing."""
    same = [(commune, postal) for commune, postal in find.like(town.data) if _same(commune, town.data)]
    if len(same) == 1:
        code.data = same[0][1]


def _same(commune: Commune, text: str) -> bool:
    return search_key(commune.nom) == search_key(text)


def offer(form: StepForm, find: CommuneFinder) -> None:
    """Puts beside a town without postal code, or that is wrong, the communes that it may mean."""
    code, town = form["code_postal"], form["ville"]
    assert isinstance(town, Line)
    if town.data and (not code.data or code.errors or town.errors):
        town.offered = find.like(town.data)
    elif code.data and not town.data:
        town.offered = find.like(code.data)


def choose(posted: MultiDict[str, str], order: str) -> MultiDict[str, str]:
    """The posted page with the commune of a choice: ``commune:lieux-0-adresse:14000:Caen``."""
    _, path, code, town = [*order.split(":", 3), "", "", ""][:4]
    chosen = MultiDict(posted)
    for name, text in (("code_postal", code), ("ville", town)):
        if f"{path}-{name}" in posted:
            chosen.setlist(f"{path}-{name}", [text])
    return chosen
