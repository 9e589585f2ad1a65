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


def settle(form: Any, find: CommuneFinder) -> None:
    """Checks the town of an address and remembers its codes on the form, as (insee, departement, region).

    A postal code that only one commune has is enough. A town that the postal code does not have is
    an error that names those it has. An address without postal code is only incomplete.
    """
    form.codes = ("", "", "")
    code, town = form["code_postal"], form["ville"]
    if not code.data or code.errors or town.errors:
        return
    communes = find(code.data)
    if not communes:
        code.errors = [f"Aucune commune n’a le code postal {code.data}. Vérifiez-le."]
        return
    wanted = search_key(town.data)
    match = [commune for commune in communes if search_key(commune.nom) == wanted]
    if not match and wanted:
        match = [commune for commune in communes if wanted in search_key(commune.nom)]
    if not wanted and len(communes) == 1:
        match = list(communes)
    if len(match) == 1:
        town.data = match[0].nom
        form.codes = (match[0].code_insee, match[0].departement, match[0].region)
    elif wanted or len(communes) > 1:
        names = ", ".join(sorted(commune.nom for commune in communes)[:15])
        town.errors = [f"Le code postal {code.data} est celui de : {names}. Écrivez l’un de ces noms."]
