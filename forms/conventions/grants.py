"""Fields of a Convention given by a funder, typed on a page or read from a file: one validation for both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.text import clean, search_key
from backoffice.models.conventions.convention import Bpi, Convention
from backoffice.models.values import amounts, answers, dates, emails, numbers
from backoffice.models.values.cells import Cell, text_of
from backoffice.reference.programmes import programme_named, programmes

LONGEST_REFERENCE, LONGEST_NAME = 60, 250

FIELDS = {
    "programme": "Programme",
    "annee": "Année",
    "reference": "Référence de la convention",
    "departement": "Département",
    "nom": "Nom de la structure",
    "siret": "Numéro SIRET",
    "rna": "Numéro RNA",
    "montant": "Montant en euros",
    "contact_pne": "Adresse e-mail pour l’enquête PNE",
    "bpi": "Concerne des bénéficiaires d’une protection internationale (BPI)",
}


@dataclass(frozen=True)
class Grant:
    """One convention as the funder gives it. montant: in cents, None when unknown."""

    programme: str
    annee: int
    reference: str
    departement: str
    nom: str
    siret: str = ""
    rna: str = ""
    montant: int | None = None
    contact_pne: str = ""
    bpi: Bpi = Bpi.INCONNU


def read(said: Mapping[str, Cell], departements: Mapping[str, str]) -> tuple[Grant, dict[str, str]]:
    """(the convention, {field: error}). A field in error keeps its default value.

    departements: {code: name} of the territoire.
    """
    texts = {name: clean(text_of(said.get(name)))[:1_000] for name in FIELDS}
    number = said.get("montant")
    readings: dict[str, Callable[[str], Any]] = {
        "programme": _programme,
        "annee": lambda text: dates.year(text, local_day(now())),
        "reference": _reference,
        "departement": lambda text: _departement(text, departements),
        "nom": _name,
        "siret": numbers.siret,
        "rna": numbers.rna,
        "montant": lambda text: amounts.cents(number if isinstance(number, int | float) else text),
        "contact_pne": emails.read,
        "bpi": _bpi,
    }
    values: dict[str, Any] = {"programme": "", "annee": 0, "reference": "", "departement": "", "nom": ""}
    errors = {name: message for name, message in REQUIRED.items() if not texts[name]}
    for name, reading in readings.items():
        if texts[name]:
            try:
                values[name] = reading(texts[name])
            except ValueError as error:
                errors[name] = str(error)
    if not texts["nom"] and not texts["siret"]:
        errors["nom"] = "Donnez le nom de la structure ou son numéro SIRET."
    return Grant(**values), errors


REQUIRED = {
    "programme": "Dites de quel programme vient la subvention.",
    "annee": "Dites pour quelle année.",
    "reference": "Donnez la référence de la convention : elle la distingue de toutes les autres.",
    "departement": "Dites dans quel département.",
}


def _programme(text: str) -> str:
    found = programme_named(text)
    if found is None:
        raise ValueError(f"« {text[:60]} » n’est pas un programme connu. Les programmes : {', '.join(programmes())}.")
    return found.code


def _reference(text: str) -> str:
    if len(text) > LONGEST_REFERENCE:
        raise ValueError(f"Cette référence a {len(text)} caractères : {LONGEST_REFERENCE} au plus.")
    return " ".join(text.split())


def _name(text: str) -> str:
    if len(text) > LONGEST_NAME:
        raise ValueError(f"Ce nom a {len(text)} caractères : {LONGEST_NAME} au plus.")
    return text


def _departement(text: str, ours: Mapping[str, str]) -> str:
    """Code of a département, from the spellings found in lists: «14», «1», «014», «Calvados», «14 - Calvados»."""
    first = text.upper().replace("–", "-").split("-")[0].split()
    code = first[0] if first else ""
    for tried in (code, code.zfill(2), code.lstrip("0").zfill(2)):
        if tried in ours:
            return tried
    named = [code for code, name in ours.items() if search_key(name) == search_key(text)]
    if not named:
        known = ", ".join(f"{code} ({name})" for code, name in ours.items())
        raise ValueError(f"« {text[:40]} » n’est pas un département de votre territoire. Ceux qu’il a : {known}.")
    return named[0]


def euros(cents: int | None) -> str:
    """Amount as text of a form: «12500,50», «12500»; "" for None."""
    if cents is None:
        return ""
    return f"{cents // 100},{cents % 100:02d}" if cents % 100 else str(cents // 100)


def _bpi(text: str) -> Bpi:
    if search_key(text) in (search_key(Bpi.INCONNU), search_key(Bpi.INCONNU.label)):
        return Bpi.INCONNU
    return Bpi.OUI if answers.yes(text) else Bpi.NON


def texts(said: Convention) -> dict[str, str]:
    """Texts of the form of a convention: {field: text}."""
    values = {name: getattr(said, name) for name in FIELDS}
    return {**{name: str(value or "") for name, value in values.items()}, "montant": euros(said.montant)}
