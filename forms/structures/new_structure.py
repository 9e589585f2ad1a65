"""Form in which a moderator creates a structure: name, category, SIRET, contact."""

from __future__ import annotations

from collections.abc import Mapping

from backoffice.core.text import clean
from backoffice.models.content import Contact, Structure
from backoffice.models.content.vocabulary import CATEGORIES
from backoffice.models.values import emails, numbers, telephones

LONGEST_NAME = 250

FIELDS = {
    "nom": "Nom de la structure",
    "categorie": "Quelle sorte de structure ?",
    "siret": "Numéro SIRET",
    "telephone": "Téléphone",
    "courriel": "Adresse e-mail",
}


def read(posted: Mapping[str, str]) -> tuple[Structure, dict[str, str]]:
    """(the structure, {field: error})."""
    said = {name: clean(posted.get(name, "")) for name in FIELDS}
    errors: dict[str, str] = {}
    if not said["nom"] or len(said["nom"]) > LONGEST_NAME:
        errors["nom"] = f"Écrivez le nom de la structure, en {LONGEST_NAME} caractères au plus."
    if said["categorie"] not in CATEGORIES:
        errors["categorie"] = "Choisissez dans la liste."
    for name, reading in (("siret", numbers.siret), ("telephone", telephones.checked), ("courriel", emails.read)):
        if said[name]:
            try:
                said[name] = reading(said[name][:200])
            except ValueError as error:
                errors[name] = str(error)
    if not said["telephone"] and not said["courriel"]:
        errors["courriel"] = "Donnez une adresse e-mail ou un téléphone : la structure doit pouvoir être prévenue."
    contact = Contact("Accueil", "", said["telephone"], said["courriel"])
    return Structure(said["nom"], "", said["categorie"], said["siret"], contact=contact), errors
