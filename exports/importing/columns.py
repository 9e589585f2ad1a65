"""The columns of the tables that structures send: every value of the content, except those in LEFT_OUT.

Labels, types and choices are declared in the content: a value added there becomes a column here, in the order of the
content; `_AFTER` moves a few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rapidfuzz import fuzz

from backoffice.core.text import search_key
from backoffice.models.content import leaves, spots

NUMERO = "numero"
"""Column of the numero of the fiche, which is not a value of the content."""
SLOTS = "actions[].creneaux"
"""Column with all the weekly slots of a group in one cell."""

LEFT_OUT = {
    "structure.formateur_nom": "rare: asked in the form",
    "structure.formateur_siret": "rare: asked in the form",
    "structure.rna": "rare: asked in the form",
    "structure.uai": "rare: asked in the form",
    "structure.porteuse": "who carries a structure is settled with it, one by one",
    "formation.objectifs_oepre": "tables are sent for ASL",
    "lieux[].uai": "tables are sent for ASL",
    "actions[].lieu": "the place of the same row",
    "actions[].niveaux": "the levels of the whole are enough",
    "actions[].creneaux[]": "in one cell: see SLOTS",
    "actions[].heures_centre": "asked of the OFII market only",
    "actions[].intensite": "asked of the OFII market only",
    "actions[].sessions[].mois_seulement": "a cell holds a whole day",
    "actions[].sessions[].recrutements[]": "a row is one session",
    "inscription.reunion": "nobody has sent it in a table",
    "inscription.perimetre": "nobody has sent it in a table",
    "financement.lot": "asked of the OFII market only",
}
"""{pattern of a value or of a part: reason why it has no column}. Hidden values have no column either."""

_AFTER = {
    "structure.siret": "structure.nom",
    "structure.categorie": "structure.numero_activite",
    "formation.parcours": "formation.code_certification",
    "formation.url": "formation.conditions",
    "actions[].rythme": SLOTS,
    "actions[].organisation": "actions[].presence",
}
"""{column: the column before it}."""

_PREFIXES = {
    "structure.adresse.": "Structure",
    "structure.contact.": "Accueil",
    "structure.formateur.": "Formateurs",
    "formation.contact.": "Contact",
    "lieux[].adresse.": "Lieu",
    "inscription.adresse.": "Inscription",
    "inscription.contact.": "Inscription",
    "financement.financeurs[].": "Financeur",
}
"""{start of a pattern: prefix of the header}."""

_HELP = {
    NUMERO: "laissez vide pour une nouvelle fiche ; sinon, le numéro qu’elle a déjà",
    SLOTS: "comme : mardi 9h30-11h30 ; jeudi 14h-16h",
    "structure.siret": "14 chiffres",
    "structure.numero_activite": "11 chiffres, ou vide",
    "formation.intitule": "obligatoire",
    "formation.code_certification": "comme RS5398 ou 38115",
    "actions[].nom": "une ligne par groupe",
    "financement.prix": "un nombre, sans centimes",
    "financement.conventionne": "oui ou non",
}
_HELP_OF = {bool: "oui ou non", int: "un nombre", date: "jour/mois/année, comme 15/09/2026"}
_LIST = "plusieurs réponses : séparez-les par un point-virgule"


@dataclass(frozen=True)
class Column:
    """key: a pattern of the content, NUMERO or SLOTS. header: the French title of the column.

    words: its title, when it is not the label of the key. also: other accepted titles.
    """

    key: str
    prefix: str = ""
    help: str = ""
    words: str = ""
    also: tuple[str, ...] = ()

    @property
    def header(self) -> str:
        own = self.words or spots()[self.key].label
        return f"{self.prefix} : {own[0].lower()}{own[1:]}" if self.prefix else own

    @property
    def choices(self) -> Mapping[str, str]:
        return spots()[self.key].choices if self.key in spots() else {}


def reason(pattern: str) -> str:
    """Why this value has no column; "" when it has one."""
    if spots()[pattern].hidden:
        return "settled by the application"
    return next((why for left, why in LEFT_OUT.items() if f"{pattern}.".startswith(f"{left}.")), "")


def _keys() -> list[str]:
    found = [spot.pattern for spot in leaves() if not reason(spot.pattern)]
    found.insert(found.index("actions[].nom") + 1, SLOTS)
    for key, before in _AFTER.items():
        found.remove(key)
        found.insert(found.index(before) + 1, key)
    return found


def _columns() -> Iterator[Column]:
    yield Column(NUMERO, help=_HELP[NUMERO], words="Numéro de la fiche")
    for key in _keys():
        spot = spots()[f"{key}[]" if key == SLOTS else key]
        usual = _LIST if spot.type == list[str] and spot.choices else _HELP_OF.get(spot.kind, "")
        prefix = next((words for part, words in _PREFIXES.items() if key.startswith(part)), "")
        yield Column(key, prefix, _HELP.get(key, usual), words=spot.label if key == SLOTS else "")


COLUMNS: tuple[Column, ...] = tuple(_columns())

BY_KEY: dict[str, Column] = {column.key: column for column in COLUMNS}

_LIKELY = 88
"""Minimum similarity (0 to 100) between a header and one of ours to propose it."""


def titles(columns: Sequence[Column]) -> frozenset[str]:
    """`search_key` of every title that a column may have."""
    return frozenset(search_key(words) for column in columns for words in (column.header, *column.also))


def exact(headers: list[str], columns: Sequence[Column] = COLUMNS) -> dict[int, str]:
    """{rank of the header: key} of the headers equal to ours, ignoring case and accents."""
    ours = {search_key(words): column.key for column in columns for words in (column.header, *column.also)}
    found: dict[int, str] = {}
    for rank, header in enumerate(headers):
        key = ours.get(search_key(header))
        if key and key not in found.values():
            found[rank] = key
    return found


def propose(headers: list[str], remembered: Mapping[str, str], columns: Sequence[Column] = COLUMNS) -> dict[int, str]:
    """{rank of the header: key}: the last choice for this header, else an equal header, else the most similar one.

    remembered: {header: key, "" for a column to ignore}.
    """
    keys = {column.key for column in columns}
    found = {rank: remembered[header] for rank, header in enumerate(headers) if remembered.get(header, "") in keys}
    chosen_before = {rank for rank, header in enumerate(headers) if header in remembered}
    for rank, key in exact(headers, columns).items():
        if rank not in chosen_before and key not in found.values():
            found[rank] = key
    for rank, header in enumerate(headers):
        folded = search_key(header)
        if rank in found or rank in chosen_before or not folded:
            continue
        scores = {
            column.key: fuzz.token_set_ratio(folded, search_key(column.header))
            for column in columns
            if column.key not in found.values()
        }
        best = max(scores, key=lambda key: scores[key], default="")
        if best and scores[best] >= _LIKELY:
            found[rank] = best
    return found
