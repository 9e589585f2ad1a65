"""Reference tables, read-only: only the import of their source files changes them."""

from __future__ import annotations

from backoffice.models import Certification, CertifInfo, Commune, Etablissement, Formacode, SchoolBreak, Uai
from backoffice.reference.communes import departements, regions

from .choices import yes_no
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
    columns = ("label", "code", "valid_from", "valid_until", "active")
    order = ("search_name", False)


class CertifInfos(Table):
    model_class = CertifInfo
    slug, title, one, group = "certif-info", "Codes Certif Info", "Code Certif Info", REFERENCE
    about = IMPORTED
    columns = ("code", "label", "certification")
    order = ("code", False)


class Formacodes(Table):
    model_class = Formacode
    slug, title, one, group = "formacodes", "Formacodes", "Formacode", REFERENCE
    about = IMPORTED
    columns = ("code", "label")
    order = ("code", False)


class Etablissements(Table):
    model_class = Etablissement
    slug, title, one, group = "etablissements", "Établissements", "Établissement", REFERENCE
    about = IMPORTED
    columns = ("siret", "denomination", "nda", "city", "listed", "qualiopi", "closed_on")
    more = (
        "address",
        "postal_code",
        "code_insee",
        "qualiopi_formation",
        "qualiopi_bilan",
        "qualiopi_vae",
        "qualiopi_apprentissage",
    )
    order = ("siret", False)

    def filters(self) -> tuple[Among, ...]:
        return (Among(Etablissement.listed, "listed", yes_no),)


class Schools(Table):
    model_class = Uai
    slug, title, one, group = "uai", "Écoles et services (UAI)", "UAI", REFERENCE
    about = IMPORTED
    columns = ("uai", "nom", "kind", "city", "open")
    more = ("siret", "address", "postal_code", "code_insee")
    order = ("uai", False)

    def filters(self) -> tuple[Among, ...]:
        return (Among(Uai.open, "open", yes_no),)


class SchoolBreaks(Table):
    model_class = SchoolBreak
    slug, title, one, group = "vacances-scolaires", "Vacances scolaires", "Vacances", REFERENCE
    about = IMPORTED
    columns = ("nom", "zone", "debut", "fin")
    order = ("debut", True)


VIEWS: tuple[type[Table], ...] = (
    Communes,
    Certifications,
    CertifInfos,
    Formacodes,
    Etablissements,
    Schools,
    SchoolBreaks,
)
