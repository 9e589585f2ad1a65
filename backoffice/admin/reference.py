"""Tables that importers own: they are read here, and changed by their own files alone."""

from __future__ import annotations

from backoffice.models import Certification, Commune
from backoffice.reference.communes import departements, regions

from .table import Among, Table

REFERENCE = "Référentiels"
IMPORTED = "Cette table vient de son propriétaire, par import : elle se lit ici, et rien ne s’y change."


def departements_by_code() -> dict[str, str]:
    return {code: f"{row.nom} ({code})" for code, row in departements().items()}


class Communes(Table):
    model_class = Commune
    slug, title, one, group = "communes", "Communes", "Commune", REFERENCE
    about = IMPORTED
    columns = ("nom", "code_insee", "codes", "departement", "region")
    more = ("parent",)
    searched = ("nom", "search_name", "code_insee")
    order = ("search_name", False)
    vocabularies = {"region": regions()}

    def filters(self) -> tuple[Among, ...]:
        return (Among(Commune.departement, "departement", departements_by_code),)

    def text(self, row: Commune, name: str) -> str:
        if name == "codes":
            return ", ".join(one.code for one in row.postal_codes)
        return super().text(row, name)


class Certifications(Table):
    model_class = Certification
    slug, title, one, group = "certifications", "Certifications", "Certification", REFERENCE
    about = IMPORTED
    columns = ("label", "code", "valid_from", "valid_until")
    searched = ("label", "search_name", "code")
    order = ("search_name", False)


VIEWS: tuple[type[Table], ...] = (Communes, Certifications)
