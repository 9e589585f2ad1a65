"""The readers of our flows, as a table: what each shows of a formation, what it leaves out, what it changes.

The facts come from their public code, run or read in November 2026. The checker reads `RULES` and `drops`;
``exports.fragment.reader_views`` shows `READERS` for a fiche that is being edited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lxml import etree

from . import data_inclusion, other_readers
from .cards import LABELS, Loss, Shown, Tree, rows
from .data_inclusion import TITLE_SHOWN
from .other_readers import CLOSE_HOURS

DATA_INCLUSION = "data·inclusion"
DORA = "DORA"
REFUGIES_INFO = "Réfugiés.info"
ANOTEA = "Anotéa (France Travail)"
SEARCH_ENGINE = "Un moteur de recherche"
EDOF = "EDOF (Mon compte formation)"


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader. through: the reader whose publication it shows, "" when it reads the flow itself.

    show: what it shows of one ``formation``. fields: those of Card that it has; none
    when it only accepts or refuses.
    """

    name: str
    show: Callable[[Tree], Shown]
    fields: tuple[str, ...] = ()
    through: str = ""


READERS = {
    reader.name: reader
    for reader in (
        Reader(DATA_INCLUSION, data_inclusion.show, tuple(LABELS)),
        Reader(DORA, data_inclusion.show, tuple(LABELS), through=DATA_INCLUSION),
        Reader(
            REFUGIES_INFO,
            other_readers.refugies_info,
            ("title", "structure", "audience", "level", "place", "point", "price", "hours", "description"),
        ),
        Reader(ANOTEA, other_readers.anotea, ("title", "structure", "place")),
        Reader(
            SEARCH_ENGINE,
            other_readers.search_engine,
            ("title", "structure", "place", "price", "description", "link"),
        ),
        Reader(EDOF, other_readers.edof),
    )
}
"""{name: reader}, in display order."""


class Effect(StrEnum):
    """LEFT_OUT: the formation or the action is not shown. CHANGED: shown otherwise than said. LACKING: shown with less
    than it could be."""

    LEFT_OUT = "left out"
    CHANGED = "changed"
    LACKING = "lacking"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a reader does with a ``unit`` (formation or action). words: the French sentence shown.

    field: pattern of the content to change, "" when nobody can.
    """

    consumer: str
    code: str
    unit: str
    effect: Effect
    field: str
    words: str


_OUT, _CHANGED, _LACKING = Effect

RULES: dict[str, Rule] = {
    row[1]: Rule(*row)
    for row in (
        (
            DATA_INCLUSION,
            "domaine",
            "formation",
            _OUT,
            "formation.domaines",
            "Écartée : aucun de ses Formacodes n’y est repris.",
        ),
        (
            DATA_INCLUSION,
            "titre",
            "formation",
            _CHANGED,
            "formation.intitule",
            f"Intitulé coupé à {TITLE_SHOWN} caractères.",
        ),
        (
            DATA_INCLUSION,
            "sans-lien",
            "formation",
            _LACKING,
            "formation.url",
            "Sans page : le lien mène à un autre annuaire.",
        ),
        (DATA_INCLUSION, "sans-formateur", "action", _OUT, "", "Écartée : elle ne nomme aucun organisme-formateur."),
        (
            DATA_INCLUSION,
            "sans-public",
            "action",
            _OUT,
            "formation.publics",
            "Écartée : elle n’a pas de code-public-vise.",
        ),
        (DATA_INCLUSION, "sans-lieu", "action", _OUT, "actions[].lieu", "Écartée : elle n’a pas de lieu-de-formation."),
        (
            DATA_INCLUSION,
            "semblable",
            "action",
            _OUT,
            "actions[].nom",
            "Écartée : une autre action de la formation lui ressemble en tout.",
        ),
        (
            DATA_INCLUSION,
            "public-ignore",
            "action",
            _CHANGED,
            "formation.publics",
            "Sans public : le premier code-public-vise n’y a pas d’équivalent.",
        ),
        (
            DATA_INCLUSION,
            "autres-publics",
            "action",
            _LACKING,
            "formation.publics",
            "Seul le premier public est montré.",
        ),
        (
            DATA_INCLUSION,
            "autres-lieux",
            "action",
            _CHANGED,
            "actions[].lieu",
            "Un seul lieu est montré : celui qui n’a pas de « tag », sinon le premier.",
        ),
        (
            DATA_INCLUSION,
            "sans-numero",
            "action",
            _CHANGED,
            "",
            "Sans structure : l’organisme-formateur n’a pas de « numero ».",
        ),
        (
            DATA_INCLUSION,
            "gratuit",
            "action",
            _LACKING,
            "financement.frais",
            "Affichée « Gratuit » alors qu’il reste des frais.",
        ),
        (DATA_INCLUSION, "frais", "action", _LACKING, "financement.frais", "Les frais restants n’y sont pas montrés."),
        (
            DATA_INCLUSION,
            "sans-prix",
            "action",
            _CHANGED,
            "financement.prix",
            "Coût inconnu : sans prix-total-TTC, ni gratuit ni payant.",
        ),
        (
            DATA_INCLUSION,
            "presence",
            "action",
            _CHANGED,
            "actions[].presence",
            "« Mixte » et « à distance » y sont lus l’un pour l’autre.",
        ),
        (
            DATA_INCLUSION,
            "perimetre",
            "action",
            _LACKING,
            "inscription.perimetre",
            "Ouverte à toute la région : ni commune ni département n’est dit.",
        ),
        (
            DATA_INCLUSION,
            "injoignable",
            "action",
            _CHANGED,
            "formation.contact.telephone",
            "Sans moyen de contact : ni téléphone ni courriel là où ils sont lus.",
        ),
        (
            DATA_INCLUSION,
            "niveau",
            "action",
            _LACKING,
            "formation.niveaux.entree_oral",
            "Le niveau de français n’y est pas montré : aucun texte ne le dit.",
        ),
        (
            DATA_INCLUSION,
            "garde",
            "action",
            _LACKING,
            "actions[].garde_enfants",
            "La garde d’enfants n’y est pas montrée : la description ne la dit pas.",
        ),
        (
            DATA_INCLUSION,
            "sans-point",
            "action",
            _LACKING,
            "lieux[].adresse.lignes",
            "Sans point sur la carte : l’adresse n’a pas de geolocalisation.",
        ),
        (
            DATA_INCLUSION,
            "adresse-structure",
            "action",
            _LACKING,
            "structure.adresse.lignes",
            "L’adresse de la structure y est celle du lieu : son contact n’en a pas.",
        ),
        (
            DATA_INCLUSION,
            "sans-site",
            "action",
            _LACKING,
            "structure.site",
            "La structure y est sans site internet.",
        ),
        (
            REFUGIES_INFO,
            "ri-un-public",
            "action",
            _OUT,
            "formation.publics",
            "Écartée : un code-public-vise seul arrête sa lecture.",
        ),
        (REFUGIES_INFO, "ri-code-postal", "action", _OUT, "", "Écartée : un code postal qui commence par 0 est perdu."),
        (
            REFUGIES_INFO,
            "ri-payant",
            "action",
            _CHANGED,
            "financement.conventionne",
            "Affichée payante : ni subvention dite, ni financeur qu’il connaît en premier.",
        ),
        (
            REFUGIES_INFO,
            "ri-titre",
            "action",
            _LACKING,
            "lieux[].adresse.denomination",
            "Sans titre : le nom du lieu sert de titre.",
        ),
        (
            REFUGIES_INFO,
            "ri-niveau",
            "formation",
            _LACKING,
            "formation.niveaux.entree_oral",
            "Sans niveau : il est cherché dans contenu-formation.",
        ),
        (
            REFUGIES_INFO,
            "ri-point",
            "action",
            _LACKING,
            "lieux[].adresse.lignes",
            "Placée en 0,0 sur la carte : l’adresse n’a pas de geolocalisation.",
        ),
        (
            REFUGIES_INFO,
            "ri-sessions",
            "action",
            _LACKING,
            "",
            "Seules les dates de la première session sont montrées.",
        ),
        (
            ANOTEA,
            "anotea-ligne",
            "formation",
            _OUT,
            "",
            "Écartée : la fin de la formation ne commence pas une ligne du fichier.",
        ),
        (
            ANOTEA,
            "anotea-reperes",
            "action",
            _OUT,
            "structure.siret",
            "Écartée : il faut des « numero », un lieu avec adresse et le SIRET du formateur.",
        ),
        (
            SEARCH_ENGINE,
            "moteur-page",
            "formation",
            _LACKING,
            "formation.url",
            "Pas de page à montrer : la fiche n’a pas d’adresse.",
        ),
        (
            EDOF,
            "30056",
            "action",
            _OUT,
            "actions[].heures_total",
            "Refusée (code 30056) : une autre action de la formation lui est identique.",
        ),
        (
            EDOF,
            "30057",
            "action",
            _OUT,
            "actions[].heures_total",
            f"Refusée (code 30057) : moins de {CLOSE_HOURS} h la distinguent d’une autre action de la formation.",
        ),
    )
}
"""{code: rule}, in display order."""


def preview(formation: etree._Element) -> list[dict[str, Any]]:
    """In JSON types, what each reader that has a page shows of one formation: its cards, {label: text}."""
    tree = Tree.of(formation)
    return [
        {"lecteur": name, "cartes": [dict(rows(card, reader.fields)) for card in reader.show(tree).cards]}
        for name, reader in READERS.items()
        if reader.fields
    ]


def losses(tree: Tree) -> Iterator[Loss]:
    """What each reader leaves out, changes or lacks; what DORA shows through data·inclusion is told once."""
    for reader in READERS.values():
        if not reader.through:
            yield from reader.show(tree).losses


def drops(formation: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """(code of the rule, element concerned) for one formation in the 2.3 namespace."""
    tree = Tree.of(formation)
    for loss in losses(tree):
        yield loss.code, formation if loss.action is None else tree.actions[loss.action][0]
