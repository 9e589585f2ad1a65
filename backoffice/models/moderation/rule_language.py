"""Language of moderation rules: a few typed conditions, combined by «all» or «any».

Stored as JSON, parsed and validated here: {"match": "all" | "any", "conditions": [{"kind": …, …}, …]}.
There are no regular expressions: words, with a star for the end of a word, are enough and always fast.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from backoffice.core.text import clean
from backoffice.models.content.vocabulary import DISPOSITIFS, PUBLICS

MOST_CONDITIONS = 10
MOST_WORDS = 300
LONGEST_PHRASE = 80

TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "intitule": ("L’intitulé", ("formation.intitule",)),
    "contenu": ("Les objectifs et le contenu", ("formation.objectif", "formation.contenu", "formation.resultats")),
    "publics": ("Le public et les conditions", ("formation.info_publics", "formation.conditions")),
    "structure": ("Le nom de la structure", ("structure.nom", "structure.raison_sociale")),
    "organisation": (
        "Le rythme, l’organisation et l’inscription",
        (
            *("actions[].nom", "actions[].rythme", "actions[].organisation", "actions[].duree"),
            *("actions[].garde_enfants", "lieux[].transport", "lieux[].acces_handicapes"),
            *("inscription.modalites", "inscription.recrutement"),
        ),
    ),
    "financement": ("Ce qui reste à payer", ("financement.frais",)),
    "certification": ("L’examen préparé", ("formation.certification",)),
}
"""{code: (label, patterns of the content)}: where words are searched."""

NUMBERS = {
    "heures_total": ("Nombre d’heures en tout", "heures_total"),
    "heures_semaine": ("Nombre d’heures par semaine", "creneaux-0-jour"),
    "heures_seance": ("Durée d’une séance, en heures", "creneaux-0-jour"),
    "semaines": ("Nombre de semaines", "semaines"),
    "effectif_min": ("Nombre minimum de personnes", "effectif_min"),
    "effectif_max": ("Nombre maximum de personnes", "effectif_max"),
    "places_libres": ("Places encore libres", "places_libres"),
    "prix": ("Prix en euros", "prix"),
}
"""{code: (label, end of the path that a hit points at)}: values that can be compared."""

DATES = {
    "tout_passe": "Toutes les sessions sont terminées depuis plus de",
    "session_passee": "Une session est terminée depuis plus de",
    "session_lointaine": "Une session commence dans plus de",
    "session_longue": "Une session dure plus de",
    "inscription_passee": "Les inscriptions sont closes depuis plus de",
}

EMPTY = {
    "formation.publics": "Pour qui",
    "formation.contact.telephone": "Téléphone à contacter",
    "formation.contact.courriel": "E-mail à contacter",
    "formation.url": "Page internet",
    "formation.resultats": "Ce que l’on obtient à la fin",
    "lieux[].adresse.code_insee": "Commune du lieu",
    "actions[].creneaux": "Horaires de la semaine",
    "actions[].sessions[].debut": "Premier jour d’une session",
    "financement.cout": "Prix pour la personne",
}
"""{pattern: label}: fields whose absence a rule can detect."""


class DefinitionError(ValueError):
    """An invalid definition. The message is for the user; `rank` and `name` locate the condition and its field."""

    def __init__(self, message: str, rank: int = 0, name: str = ""):
        super().__init__(message)
        self.message, self.rank, self.name = message, rank, name


def _codes(label: str, table: Mapping[str, Any]) -> Any:
    return field(default=(), metadata={"label": label, "table": table})


def _lines(label: str, help_: str) -> Any:
    return field(default=(), metadata={"label": label, "help": help_})


def _number(label: str) -> Any:
    return field(default=None, metadata={"label": label})


def _choice(label: str, table: Mapping[str, Any]) -> Any:
    return field(default="", metadata={"label": label, "table": table, "one": True})


@dataclass(frozen=True)
class Condition:
    """A condition. `kind` is its stored code, `title` its label; the metadata of each field describe its question."""

    kind: ClassVar[str]
    title: ClassVar[str]

    def check(self) -> tuple[str, str] | None:
        """(field name, message) when it is invalid, else None."""
        return None


@dataclass(frozen=True)
class Words(Condition):
    kind = "mots"
    title = "Des mots sont écrits"
    textes: tuple[str, ...] = _codes("Où chercher", TEXTS)
    mots: tuple[str, ...] = _lines(
        "Mots ou groupes de mots, un par ligne",
        "Ni les accents ni les majuscules ne comptent. Une étoile à la fin remplace la suite du mot : thérap*.",
    )

    def check(self) -> tuple[str, str] | None:
        if not self.textes:
            return "textes", "Cochez au moins un endroit où chercher."
        if not self.mots:
            return "mots", "Écrivez au moins un mot."
        if len(self.mots) > MOST_WORDS:
            return "mots", f"Il y a {len(self.mots)} lignes : {MOST_WORDS} au plus."
        for phrase in self.mots:
            if len(phrase) > LONGEST_PHRASE:
                return "mots", f"« {phrase[:30]}… » est trop long : {LONGEST_PHRASE} caractères au plus."
            if not SHAPE.fullmatch(phrase) or len(phrase.replace("*", "").strip()) < 2:
                return "mots", (
                    f"« {phrase} » ne peut pas être cherché : écrivez des mots de deux lettres au moins, "
                    "avec une étoile seulement à la fin d’un mot."
                )
        return None


SHAPE = re.compile(r"[\w%’'-]+\*?(?:[ \u00a0][\w%’'-]+\*?)*")
"""Words separated by one space; each may end with a star."""


@dataclass(frozen=True)
class Number(Condition):
    kind = "nombre"
    title = "Un nombre est trop petit ou trop grand"
    valeur: str = _choice("Quel nombre", {code: label for code, (label, _) in NUMBERS.items()})
    moins_de: int | None = _number("Plus petit que")
    plus_de: int | None = _number("Plus grand que")

    def check(self) -> tuple[str, str] | None:
        if self.valeur not in NUMBERS:
            return "valeur", "Choisissez le nombre à comparer."
        if self.moins_de is None and self.plus_de is None:
            return "moins_de", "Donnez au moins une limite."
        for name in ("moins_de", "plus_de"):
            if not 0 <= (getattr(self, name) or 0) <= 100_000:
                return name, "Écrivez un nombre entre 0 et 100 000."
        return None


@dataclass(frozen=True)
class Place(Condition):
    kind = "lieu"
    title = "Un lieu est dans un département ou une commune"
    departements: tuple[str, ...] = _lines("Départements, un par ligne", "Par exemple : 14, 2A, 974.")
    communes: tuple[str, ...] = _lines("Communes ou codes postaux, un par ligne", "Par exemple : Caen, 14000.")

    def check(self) -> tuple[str, str] | None:
        if not self.departements and not self.communes:
            return "departements", "Écrivez au moins un département ou une commune."
        for code in self.departements:
            if not re.fullmatch(r"\d{2,3}|2[AB]", code.upper()):
                return "departements", f"« {code[:20]} » n’est pas un numéro de département."
        if len(self.departements) + len(self.communes) > MOST_WORDS:
            return "communes", f"La liste est trop longue : {MOST_WORDS} lignes au plus."
        return None


@dataclass(frozen=True)
class Dates(Condition):
    kind = "dates"
    title = "Des dates sont passées ou lointaines"
    quoi: str = _choice("Que regarder", DATES)
    jours: int | None = _number("Nombre de jours")

    def check(self) -> tuple[str, str] | None:
        if self.quoi not in DATES:
            return "quoi", "Choisissez ce qu’il faut regarder."
        if self.jours is None or not 0 <= self.jours <= 3_660:
            return "jours", "Écrivez un nombre de jours entre 0 et 3 660."
        return None


@dataclass(frozen=True)
class Publics(Condition):
    kind = "publics"
    title = "Le public est, ou n’est pas, l’un de ceux-ci"
    codes: tuple[str, ...] = _codes("Publics", PUBLICS)
    sens: str = _choice("La fiche", {"un": "en cite au moins un", "aucun": "n’en cite aucun"})

    def check(self) -> tuple[str, str] | None:
        if not self.codes:
            return "codes", "Cochez au moins un public."
        return None if self.sens in ("un", "aucun") else ("sens", "Dites si la fiche doit les citer ou non.")


@dataclass(frozen=True)
class Programme(Condition):
    kind = "dispositif"
    title = "La fiche est de ce dispositif"
    dispositifs: tuple[str, ...] = _codes("Dispositifs", {str(code): label for code, label in DISPOSITIFS.items()})

    def check(self) -> tuple[str, str] | None:
        return None if self.dispositifs else ("dispositifs", "Cochez au moins un dispositif.")


@dataclass(frozen=True)
class Missing(Condition):
    kind = "manque"
    title = "Une réponse manque"
    champs: tuple[str, ...] = _codes("Réponses", EMPTY)

    def check(self) -> tuple[str, str] | None:
        return None if self.champs else ("champs", "Cochez au moins une réponse.")


@dataclass(frozen=True)
class Consumers(Condition):
    kind = "lecteurs"
    title = "Un annuaire national laisserait la fiche ou un groupe de côté"


@dataclass(frozen=True)
class Personal(Condition):
    kind = "coordonnees"
    title = "Les coordonnées d’une personne sont écrites dans un texte public"


KINDS: dict[str, type[Condition]] = {
    kind.kind: kind for kind in (Words, Number, Place, Dates, Publics, Programme, Missing, Consumers, Personal)
}


@dataclass(frozen=True)
class Definition:
    conditions: tuple[Condition, ...]
    every: bool = True
    """Whether all the conditions must hold; otherwise one is enough."""

    def dump(self) -> dict[str, Any]:
        return {
            "match": "all" if self.every else "any",
            "conditions": [{"kind": item.kind, **_plain(dataclasses.asdict(item))} for item in self.conditions],
        }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def load(document: Any) -> Definition:
    """The definition of a stored or submitted document. Raises DefinitionError when it is invalid."""
    if not isinstance(document, dict) or document.keys() != {"match", "conditions"}:
        raise DefinitionError("Cette règle n’a pas la forme attendue.")
    rows = document["conditions"]
    if document["match"] not in ("all", "any") or not isinstance(rows, list):
        raise DefinitionError("Cette règle n’a pas la forme attendue.")
    if not rows:
        raise DefinitionError("Ajoutez au moins une condition.")
    if len(rows) > MOST_CONDITIONS:
        raise DefinitionError(f"Il y a trop de conditions : {MOST_CONDITIONS} au plus.")
    return Definition(tuple(_condition(row, rank) for rank, row in enumerate(rows)), document["match"] == "all")


def _condition(row: Any, rank: int) -> Condition:
    kind = KINDS.get(row.get("kind", "")) if isinstance(row, dict) and isinstance(row.get("kind"), str) else None
    if kind is None:
        raise DefinitionError("Cette condition n’existe pas.", rank)
    known = {item.name: item for item in fields(kind)}
    if unknown := row.keys() - known.keys() - {"kind"}:
        raise DefinitionError(
            f"Cette condition a des valeurs inconnues : {', '.join(sorted(map(str, unknown)))}.", rank
        )
    condition = kind(**{name: _value(item, row[name], rank) for name, item in known.items() if name in row})
    if wrong := condition.check():
        raise DefinitionError(wrong[1], rank, wrong[0])
    return condition


def _value(item: dataclasses.Field[Any], value: Any, rank: int) -> Any:
    if item.default is None:
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise DefinitionError("Écrivez un nombre entier.", rank, item.name)
    if item.default == ():
        if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
            raise DefinitionError("Une liste était attendue.", rank, item.name)
        table = item.metadata.get("table")
        if table is not None and set(value) - set(table):
            raise DefinitionError("Choisissez dans la liste.", rank, item.name)
        return tuple(dict.fromkeys(text for word in value if (text := " ".join(clean(word).split()))))
    if not isinstance(value, str):
        raise DefinitionError("Un texte était attendu.", rank, item.name)
    return value
