"""Which name, numbers and contacts a merged structure keeps: what the person may choose."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from backoffice.models import (
    Organisme,
)
from backoffice.models.accounts.account import COLUMNS
from backoffice.models.content import Contact, Structure, load_part
from backoffice.models.values import telephones

from .operations import known_structure, qualiopi_of

KEPT, GONE = "kept", "gone"


@dataclass(frozen=True)
class Choice:
    """One part of the identity where one value must be chosen. kept, gone: the value of each, in words; "" if none."""

    name: str
    label: str
    kept: str
    gone: str

    @property
    def usual(self) -> str:
        """The default: the kept structure's value if it has one, else the old one's."""
        return KEPT if self.kept else GONE

    @property
    def open(self) -> bool:
        """Whether there is a choice: the old structure has a value and it differs."""
        return self.kept != self.gone and bool(self.gone)


PARTS = {
    "nom": "Nom",
    "categorie": "Sorte de structure",
    "siret": "Numéro SIRET",
    "nda": "Numéro de déclaration d’activité",
    "rna": "Numéro RNA",
    "uai": "Numéro UAI",
    "qualiopi": "Certification Qualiopi",
    "adresse": "Adresse",
    "contacts": "Contacts",
    "porteuse": "Structure porteuse",
}


def choices(session: Session, kept: Organisme, gone: Organisme) -> list[Choice]:
    """One Choice for each of PARTS, in that order."""
    said = {side: known_identity(session, organisme) for side, organisme in ((KEPT, kept), (GONE, gone))}
    words = {side: _words(organisme, said[side]) for side, organisme in ((KEPT, kept), (GONE, gone))}
    return [Choice(name, label, words[KEPT][name], words[GONE][name]) for name, label in PARTS.items()]


def known_identity(session: Session, organisme: Organisme) -> Structure:
    said = known_structure(session, organisme)
    said.nom = organisme.nom
    return said


def _words(organisme: Organisme, said: Structure) -> dict[str, str]:
    people = [said.contact, said.formateur, *(load_part(Contact, one) for one in organisme.contacts.values())]
    reach = [text for one in people for text in (one.nom, telephones.shown(one.telephone), one.courriel) if text]
    return {
        **{name: getattr(said, leaf) for name, leaf in COLUMNS.items()},
        "nom": " – ".join(text for text in (said.nom, said.raison_sociale) if text),
        "qualiopi": qualiopi_of(organisme).words,
        "adresse": ", ".join(said.adresse.envelope),
        "contacts": ", ".join(dict.fromkeys([*reach, said.courriel] if said.courriel else reach)),
        "porteuse": " – ".join(text for text in (said.porteuse.nom, said.porteuse.siret) if text),
    }
