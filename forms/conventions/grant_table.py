"""Table of grants sent by a funder: its columns are the fields of a Convention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backoffice.models.values.cells import Cell, says_nothing, text_of
from exports.importing.columns import Column
from exports.importing.files import NOTE, Table
from exports.importing.template import Template

from .grants import FIELDS


@dataclass(frozen=True)
class Line:
    """One row of the file. place: its position, in French. said: {field: cell}, without empty fields."""

    place: str
    said: dict[str, Cell]


def _column(name: str, help_: str, *also: str) -> Column:
    return Column(name, help=help_, words=FIELDS[name], also=also)


COLUMNS = (
    _column("reference", "obligatoire ; avec l’année et le programme, elle distingue la convention", "Référence",
            "N° de convention", "Numéro de convention", "N° de dossier", "Numéro de dossier", "Dossier"),
    _column("siret", "14 chiffres ; sinon, donnez au moins le nom", "SIRET", "N° SIRET"),
    _column("nom", "tel que vous l’écrivez", "Structure", "Nom", "Association", "Bénéficiaire", "Organisme",
            "Porteur", "Porteur du projet", "Raison sociale"),
    _column("rna", "W suivi de 9 chiffres, ou vide", "RNA", "N° RNA"),
    _column("departement", "son numéro ou son nom", "Dépt", "Dép.", "Code département"),
    _column("programme", "comme BOP 104 ; vide si vous le dites en envoyant le fichier", "BOP", "Dispositif"),
    _column("annee", "en quatre chiffres ; vide si vous la dites en envoyant le fichier", "Exercice"),
    _column("montant", "en euros, comme 12 500,50", "Montant", "Montant accordé", "Montant (€)",
            "Montant de la subvention", "Subvention"),
    _column("contact_pne", "l’adresse à laquelle l’enquête est envoyée", "E-mail", "Email", "Courriel", "Mail",
            "Adresse e-mail", "E-mail de contact", "Courriel de contact", "Contact PNE", "E-mail PNE"),
    _column("bpi", "oui ou non", "BPI", "Concerne des BPI", "BPI concernés", "Public BPI", "Réfugiés"),
)  # fmt: skip

TEMPLATE = Template(
    COLUMNS,
    f"{NOTE} : cette ligne n’est pas lue. Une ligne par convention. Une convention déjà connue est mise à jour ; "
    "une case vide ne change rien à ce qui est déjà enregistré.",
    "Conventions",
)


def lines(table: Table, mapping: Mapping[int, str], otherwise: Mapping[str, str]) -> Iterator[Line]:
    """Rows of the file. mapping: {column rank: field}. otherwise: {field: text} for fields that a row leaves empty."""
    for number, row in table.rows:
        told = {key: row[rank] for rank, key in mapping.items() if rank < len(row)}
        said = {key: cell for key, cell in told.items() if not says_nothing(text_of(cell))}
        yield Line(f"ligne {number}", {**{name: text for name, text in otherwise.items() if text}, **said})
