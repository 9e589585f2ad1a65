"""Form in which a moderator creates a structure: name, category, SIRET, contact."""

from __future__ import annotations

from collections.abc import Mapping

from backoffice.core.text import clean
from backoffice.models.content import Contact, Structure
from exports.lheo import fields

FIELDS = {
    "nom": "Nom de la structure",
    "categorie": "Quelle sorte de structure ?",
    "siret": "Numéro SIRET",
    "telephone": "Téléphone",
    "courriel": "Adresse e-mail",
}

READ_AS = {name: f"structure.{name}" for name in ("nom", "categorie", "siret")} | {
    name: f"structure.contact.{name}" for name in ("telephone", "courriel")
}
"""{field: pattern of the content whose reader it has}."""

REQUIRED = {"nom": "Écrivez le nom de la structure.", "categorie": "Choisissez dans la liste."}


def read(posted: Mapping[str, str]) -> tuple[Structure, dict[str, str]]:
    """(the structure, {field: error})."""
    said = {name: clean(posted.get(name, "")) for name in FIELDS}
    errors = {name: message for name, message in REQUIRED.items() if not said[name]}
    for name, pattern in READ_AS.items():
        try:
            said[name] = fields.value(pattern, said[name])
        except ValueError as error:
            errors[name] = str(error)
    if not said["telephone"] and not said["courriel"]:
        errors["courriel"] = "Donnez une adresse e-mail ou un téléphone : la structure doit pouvoir être prévenue."
    contact = Contact("Accueil", "", said["telephone"], said["courriel"])
    return Structure(said["nom"], "", said["categorie"], said["siret"], contact=contact), errors
