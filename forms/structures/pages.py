"""Questions of the pages of a structure, outside its fiches: identity, contacts, usual places, verification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from backoffice.core.clock import now
from backoffice.core.dates import local_day, short_day
from backoffice.core.text import clean
from backoffice.models.accounts.account import COLUMNS
from backoffice.models.content import Contact, label_of
from backoffice.models.content.vocabulary import QUALIOPI, USAGES
from backoffice.models.structures.structure import Subject, Verification
from backoffice.models.values import dates
from exports.lheo import fields
from forms.kit.questions import Kind, Question, Step, vary
from forms.steps.locations import SCHOOLS
from forms.steps.structure import STRUCTURE

NAME = "structure.nom"
CONTACT_PARTS = ("nom", "prenom", "telephone", "courriel")

IDENTITY = vary(
    STRUCTURE,
    title="Identité et numéros",
    without={
        "structure.courriel",
        *(f"structure.{part}.{name}" for part in ("contact", "formateur") for name in CONTACT_PARTS),
    },
    change={"structure.siret": {"required": False}, "structure.rna": {"folded": False}},
    after={
        "structure.rna": (
            Question(
                "structure.uai",
                Kind.UAI,
                help="Pour une école, un collège ou un lycée : 7 chiffres et une lettre, sur les courriers de "
                "l’académie.",
                example="0140001A",
            ),
        ),
    },
    sections={"Qui propose ces ateliers": {"title": "Qui vous êtes"}},
)
"""First step of a fiche without its contacts, which have their own page."""

USUAL_PLACES = vary(
    Step(
        "lieux",
        "Lieux habituels",
        (replace(SCHOOLS.sections[0], title=""),),
        intro="Ceux où vous vous réunissez souvent. Dans une fiche, vous les choisirez sans les écrire de nouveau.",
    ),
    change={"lieux[].uai": {"required": False, "folded": True, "help": "Pour une école : 7 chiffres et une lettre."}},
)
"""Section of the places of a fiche, where the UAI number is optional."""

FIELD_NAMES = {
    "nom": "Nom",
    "prenom": "Prénom",
    "telephone": "Téléphone",
    "courriel": "Adresse e-mail",
}


@dataclass(frozen=True)
class Certified:
    """Qualiopi certification of a structure. certified: None when the structure does not say."""

    certified: bool | None
    categories: Sequence[str] = ()
    until: date | None = None

    @property
    def words(self) -> str:
        if not self.certified:
            return "non" if self.certified is False else ""
        kinds = ", ".join(QUALIOPI[code] for code in self.categories)
        until = f"jusqu’au {short_day(self.until)}" if self.until else ""
        return " – ".join(text for text in ("oui", kinds, until) if text)


@dataclass(frozen=True)
class Verdict:
    """A moderator's verification of a number, or of the whole structure."""

    subject: Subject
    state: Verification
    note: str


LONGEST_NOTE = 1000

CHANGE_WORDS = {
    **{name: label_of(f"structure-{leaf}") for name, leaf in COLUMNS.items()},
    "categorie": "Sorte de structure",
    "raison_sociale": label_of("structure-raison_sociale"),
    "adresse": label_of("structure-adresse"),
    "porteuse": label_of("structure-porteuse"),
    "lieux": "Lieux habituels",
    "fusion": "Structures réunies",
    Subject.QUALIOPI: Subject.QUALIOPI.label,
    **{f"contact_{usage}": f"Contact : {words}" for usage, words in USAGES.items()},
    **{f"verification_{subject}": f"Vérification : {subject.label}" for subject in Subject},
}
"""{name in the change log of a structure: words}."""


def read_contacts(posted: Mapping[str, str]) -> tuple[dict[str, Contact], dict[str, str]]:
    """({usage: contact}, {field id: error}). Fields are named ``direction-courriel``."""
    contacts, errors = {}, {}
    for usage in USAGES:
        said = {name: clean(posted.get(f"{usage}-{name}", "")) for name in CONTACT_PARTS}
        for name, text in said.items():
            try:
                said[name] = fields.value(f"structure.contact.{name}", text)
            except ValueError as error:
                errors[f"{usage}-{name}"] = str(error)
        contacts[usage] = Contact(**said)
    return contacts, errors


ANSWERS = {"oui": True, "non": False, "": None}


def read_qualiopi(posted: Mapping[str, str], categories: Sequence[str]) -> tuple[Certified, dict[str, str]]:
    """(certification, {field: error}). categories: codes of the ticked boxes."""
    errors: dict[str, str] = {}
    certified = ANSWERS.get(posted.get("qualiopi", ""))
    chosen = [code for code in QUALIOPI if code in categories]
    until, text = None, clean(posted.get("jusqu_au", ""))[:40]
    if text:
        try:
            until, _ = dates.day(text, local_day(now()))
        except ValueError as error:
            errors["jusqu_au"] = str(error)
    if certified and not chosen:
        errors["categories"] = "Cochez au moins une catégorie : elles sont écrites sur le certificat."
    if not certified:
        return Certified(certified), errors
    return Certified(certified, chosen, until), errors


def read_verdict(posted: Mapping[str, str]) -> tuple[Verdict | None, dict[str, str]]:
    errors: dict[str, str] = {}
    subject, state = posted.get("objet", ""), posted.get("verdict", "")
    note = clean(posted.get("note", ""), multiline=True)
    if subject not in set(Subject):
        errors["objet"] = "Choisissez ce que vous avez vérifié."
    if state not in (Verification.VERIFIEE, Verification.CONTREDITE):
        errors["verdict"] = "Dites si c’est exact."
    if len(note) > LONGEST_NOTE:
        errors["note"] = f"Ce texte est trop long : {LONGEST_NOTE} caractères au plus."
    if not note:
        errors["note"] = "Dites comment vous l’avez vérifié : un document, un appel, un site officiel…"
    return (None if errors else Verdict(Subject(subject), Verification(state), note)), errors
