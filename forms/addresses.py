"""A postal code and a town, as people write them, to the commune that they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from backoffice.reference.communes import search_key


class Commune(Protocol):
    nom: str
    code_insee: str
    departement: str
    region: str


CommuneFinder = Callable[[str], Sequence[Commune]]
"""All the communes that have this postal code."""


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
    if not wanted and len(communes) == 1:
        match = list(communes)
    if len(match) == 1:
        return match[0], "", ""
    names = ", ".join(sorted(commune.nom for commune in communes)[:15])
    return None, "", f"Le code postal {code} est celui de : {names}. Écrivez l’un de ces noms."


def settle(form: Any, find: CommuneFinder) -> None:
    """Checks the town of an address and remembers its codes on the form, as (insee, departement, region).

    A postal code that only one commune has is enough. A town that the postal code does not have is
    an error that names those it has. An address without postal code is only incomplete.
    """
    form.codes = ("", "", "")
    code, town = form["code_postal"], form["ville"]
    if not code.data or code.errors or town.errors:
        return
    commune, wrong_code, wrong_town = town_of(code.data, town.data, find)
    if wrong_code:
        code.errors = [wrong_code]
    if wrong_town:
        town.errors = [wrong_town]
    if commune is not None:
        town.data = commune.nom
        form.codes = (commune.code_insee, commune.departement, commune.region)
