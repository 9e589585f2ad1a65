"""A place that the structure uses often, chosen instead of written: one choice fills the row."""

from __future__ import annotations

from backoffice.models.content import Lieu
from forms.kit.rows import Posted

ORDER = "habituel"
"""Of the button, as ``habituel:lieux-0``; also the name of the choice beside it, with the same path."""


def fill(posted: Posted, path: str, lieu: Lieu | None) -> Posted:
    """The posted page with this place in the row at `path`; what the page does not ask is left out."""
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
