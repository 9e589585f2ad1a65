"""The columns of the tables that structures send, each tied to a spot of the content.

To take one more answer, add one line: its words, its type and its limits come from the content model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from backoffice.models.content import spots
from backoffice.models.content import vocabulary as words
from backoffice.reference.communes import search_key

NUMERO = "numero"
SLOTS = "actions[].creneaux"
"""Columns that are not one leaf of the content."""

_OWN_WORDS = {NUMERO: "Numéro de la fiche", SLOTS: "Horaires de la semaine"}

CHOICES: dict[str, Mapping[str, str]] = {
    "structure.categorie": words.CATEGORIES,
    "formation.domaines": words.DOMAINES,
    "formation.espaces_sociaux": words.ESPACES_SOCIAUX,
    "formation.publics": words.PUBLICS,
    "formation.visees": words.VISEES,
    "formation.parcours": words.PARCOURS,
    "formation.niveaux.entree_oral": words.NIVEAUX_ORAL,
    "formation.niveaux.entree_ecrit": words.NIVEAUX_ECRIT,
    "formation.niveaux.vise_oral": words.NIVEAUX_ORAL,
    "formation.niveaux.vise_ecrit": words.NIVEAUX_ECRIT,
    "actions[].format": words.FORMATS,
    "actions[].presence": words.PRESENCES,
    "actions[].sessions[].recrutement": words.RECRUTEMENTS,
    "inscription.entrees": words.ENTREES,
    "inscription.ou": words.LIEUX_INSCRIPTION,
    "financement.cout": words.COUTS,
    "financement.conventionne": {"oui": "Oui", "non": "Non"},
    "financement.financeurs[].code": words.FINANCEURS,
    "financement.financeurs[].programme": words.PROGRAMMES,
}
"""The closed list that each answer is taken from: its code or its words are understood."""


@dataclass(frozen=True)
class Column:
    """key: a pattern of the content, NUMERO or SLOTS. header: the French title of the column.

    words: its title, where the key is none of ours. also: other titles that mean the same.
    """

    key: str
    prefix: str = ""
    help: str = ""
    words: str = ""
    also: tuple[str, ...] = ()

    @property
    def header(self) -> str:
        own = self.words or _OWN_WORDS.get(self.key) or spots()[self.key].label
        return f"{self.prefix} : {own[0].lower()}{own[1:]}" if self.prefix else own

    @property
    def choices(self) -> Mapping[str, str]:
        return CHOICES.get(self.key, {})


def _address(pattern: str, prefix: str) -> tuple[Column, ...]:
    return tuple(Column(f"{pattern}.{name}", prefix) for name in ("denomination", "lignes", "code_postal", "ville"))


def _contact(pattern: str, prefix: str) -> tuple[Column, ...]:
    return tuple(Column(f"{pattern}.{name}", prefix) for name in ("nom", "prenom", "telephone", "courriel"))


_DAY = "jour/mois/année, comme 15/09/2026"
_LIST = "plusieurs réponses : séparez-les par un point-virgule"

COLUMNS: tuple[Column, ...] = (
    Column(NUMERO, help="laissez vide pour une nouvelle fiche ; sinon, le numéro qu’elle a déjà"),
    Column("structure.nom"),
    Column("structure.siret", help="14 chiffres"),
    Column("structure.raison_sociale"),
    Column("structure.numero_activite", help="11 chiffres, ou vide"),
    Column("structure.categorie"),
    *_address("structure.adresse", "Structure"),
    *_contact("structure.contact", "Accueil"),
    Column("structure.courriel"),
    *_contact("structure.formateur", "Formateurs"),
    Column("formation.intitule", help="obligatoire"),
    Column("formation.domaines", help=_LIST),
    Column("formation.objectif"),
    Column("formation.contenu"),
    Column("formation.resultats"),
    Column("formation.espaces_sociaux", help=_LIST),
    Column("formation.publics", help=_LIST),
    Column("formation.info_publics"),
    Column("formation.visees", help=_LIST),
    Column("formation.certification"),
    Column("formation.code_certification", help="comme RS5398 ou 38115"),
    Column("formation.parcours"),
    Column("formation.niveaux.entree_oral"),
    Column("formation.niveaux.entree_ecrit"),
    Column("formation.niveaux.vise_oral"),
    Column("formation.niveaux.vise_ecrit"),
    Column("formation.niveau_obligatoire", help="oui ou non"),
    Column("formation.conditions"),
    Column("formation.url"),
    *_contact("formation.contact", "Contact"),
    *_address("lieux[].adresse", "Lieu"),
    Column("lieux[].acces_handicapes"),
    Column("lieux[].transport"),
    Column("actions[].nom", help="une ligne par groupe"),
    Column(SLOTS, help="comme : mardi 9h30-11h30 ; jeudi 14h-16h"),
    Column("actions[].rythme"),
    Column("actions[].format"),
    Column("actions[].presence"),
    Column("actions[].organisation"),
    Column("actions[].effectif_min", help="un nombre"),
    Column("actions[].effectif_max", help="un nombre"),
    Column("actions[].vacances", help="oui ou non"),
    Column("actions[].semaines", help="un nombre"),
    Column("actions[].heures_total", help="un nombre"),
    Column("actions[].duree"),
    Column("actions[].garde_enfants"),
    Column("actions[].sessions[].debut", help=_DAY),
    Column("actions[].sessions[].fin", help=_DAY),
    Column("actions[].sessions[].recrutement"),
    Column("actions[].sessions[].places_libres", help="un nombre"),
    Column("inscription.entrees"),
    Column("inscription.modalites"),
    Column("inscription.recrutement"),
    Column("inscription.debut", help=_DAY),
    Column("inscription.fin", help=_DAY),
    Column("inscription.ou"),
    *_address("inscription.adresse", "Inscription"),
    *_contact("inscription.contact", "Inscription"),
    Column("financement.cout"),
    Column("financement.prix", help="un nombre, sans centimes"),
    Column("financement.frais"),
    Column("financement.prise_en_charge", help="oui ou non"),
    Column("financement.conventionne", help="oui ou non"),
    Column("financement.financeurs[].code", "Financeur"),
    Column("financement.financeurs[].programme", "Financeur"),
    Column("financement.financeurs[].reference", "Financeur"),
    Column("financement.financeurs[].places", "Financeur", "un nombre"),
)

BY_KEY: dict[str, Column] = {column.key: column for column in COLUMNS}

_LIKELY = 88
"""How alike (0 to 100) a header must be to one of ours to be proposed."""


def exact(headers: list[str], columns: Sequence[Column] = COLUMNS) -> dict[int, str]:
    """{rank of the header: key} of the headers that are ours, whatever their case and accents."""
    ours = {search_key(words): column.key for column in columns for words in (column.header, *column.also)}
    found: dict[int, str] = {}
    for rank, header in enumerate(headers):
        key = ours.get(search_key(header))
        if key and key not in found.values():
            found[rank] = key
    return found


def propose(headers: list[str], remembered: Mapping[str, str], columns: Sequence[Column] = COLUMNS) -> dict[int, str]:
    """What each column may be: what was chosen last time for this header, else ours, else the likeliest."""
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
