"""Fills a row with one of the structure's usual places, chosen in a list."""

from __future__ import annotations

from backoffice.models.content import Lieu
from forms.kit.rows import Posted

ORDER = "habituel"
"""Prefix of the value of the button, as ``habituel:lieux-0``. The list beside it has that value as its name."""


def fill(posted: Posted, path: str, lieu: Lieu | None) -> Posted:
    """The posted page with this place in the row at `path`. Fields that the page does not have are not added."""
    if lieu is None:
        return posted
    filled = posted.copy()
    said = {
        "adresse-denomination": lieu.adresse.denomination,
        "adresse-lignes": "\n".join(lieu.adresse.lignes),
        "adresse-code_postal": lieu.adresse.code_postal,
        "adresse-ville": lieu.adresse.ville,
        "acces_handicapes": lieu.acces_handicapes,
        "transport": lieu.transport,
        "uai": lieu.uai,
    }
    for name, text in said.items():
        if f"{path}-{name}" in posted:
            filled.setlist(f"{path}-{name}", [text])
    return filled
