"""The commune of an address that is typed: found, or offered."""

from __future__ import annotations

import re

from werkzeug.datastructures import MultiDict
from wtforms import Field

from backoffice.core.text import search_key
from backoffice.reference.towns import Commune, CommuneFinder, bare, town_of

from .builder import StepForm
from .fields import Line


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
    found = town_of(code.data, town.data, find)
    if found.wrong_code:
        code.errors = [found.wrong_code]
    if found.wrong_town:
        town.errors = [found.wrong_town]
    if found.commune is not None:
        town.data = found.commune.nom
        form.codes = (found.commune.code_insee, found.commune.departement, found.commune.region)


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
    return search_key(commune.nom) == bare(text)


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
