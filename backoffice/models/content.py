"""The typed content of a Revision: one document for the form, the comparison, the export, the import.

formation → actions (one per place and group) → sessions, with what they share beside them.

Every leaf is declared with the words that people read and, where the standard has an element for
it, its LHEO path relative to the nearest declared ancestor. Limits are never written here: they come
from the grammar, by that path.

Two ways to name a spot in a document:
- a *pattern*, the same in all documents: ``actions[].creneaux[].jour``;
- a *path*, in one document: ``actions-0-creneaux-1-jour``. It is also the HTML id of the field that
  edits it, so that any finding can link to its field.

Lieux, actions and sessions carry a local id given once and kept through all revisions: it is their
numero in the flow, and what tells a moved session from a new one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date, time
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Document = dict[str, Any]
"""The JSON form of a content: str, int, bool, None, lists and dicts; dates as ISO 8601."""


class ContentError(ValueError):
    """A stored document does not have the shape of the content model."""


def leaf(label: str, lheo: str = "", *, default: Any = "", reserve: int = 0, hidden: bool = False) -> Any:
    """Declares one value.

    `reserve` characters of the LHEO element are kept for what the export writes beside this value.
    `hidden` values are settled by the application and never typed.
    """
    metadata = {"label": label, "lheo": lheo, "reserve": reserve, "hidden": hidden}
    if default in ([], {}):
        return field(default_factory=type(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def part(label: str, kind: type, lheo: str = "") -> Any:
    """Declares one nested object."""
    return field(default_factory=kind, metadata={"label": label, "lheo": lheo})


def many(label: str, lheo: str = "") -> Any:
    """Declares a list of nested objects."""
    return field(default_factory=list, metadata={"label": label, "lheo": lheo})


@dataclass
class Adresse:
    denomination: str = leaf("Nom du lieu", "denomination")
    lignes: list[str] = leaf("Numéro et rue", "ligne", default=[])
    code_postal: str = leaf("Code postal", "codepostal")
    ville: str = leaf("Ville", "ville")
    code_insee: str = leaf("Code Insee", "code-INSEE-commune", hidden=True)
    departement: str = leaf("Département", "departement", hidden=True)
    region: str = leaf("Région", "region", hidden=True)


@dataclass
class Contact:
    nom: str = leaf("Nom", "coordonnees/nom")
    prenom: str = leaf("Prénom", "coordonnees/prenom")
    telephone: str = leaf("Téléphone", "coordonnees/telfixe/numtel")
    courriel: str = leaf("Adresse e-mail", "coordonnees/courriel")

    @property
    def empty(self) -> bool:
        return not any(vars(self).values())


@dataclass
class Structure:
    """The organisme responsable as it was when the entry was made."""

    nom: str = leaf("Nom de la structure", "nom-organisme")
    raison_sociale: str = leaf("Nom officiel", "raison-sociale")
    categorie: str = leaf("Vous êtes")
    siret: str = leaf("Numéro SIRET", "SIRET-organisme-formation/SIRET")
    numero_activite: str = leaf("Numéro de déclaration d’activité", "numero-activite")
    adresse: Adresse = part("Adresse de la structure", Adresse, "coordonnees-organisme/coordonnees/adresse")
    contact: Contact = part("Accueil de la structure", Contact, "contact-organisme")
    courriel: str = leaf("Adresse e-mail de la direction", "coordonnees-organisme/coordonnees/courriel")
    formateur: Contact = part(
        "Accueil des formateurs", Contact, "/formation/action/organisme-formateur/contact-formateur"
    )


@dataclass
class Niveaux:
    """Levels of the CECRL, oral and written apart."""

    entree_oral: str = leaf("Niveau à l’oral en arrivant")
    entree_ecrit: str = leaf("Niveau à l’écrit en arrivant")
    vise_oral: str = leaf("Niveau visé à l’oral")
    vise_ecrit: str = leaf("Niveau visé à l’écrit")

    @property
    def empty(self) -> bool:
        return not any(getattr(self, item.name) for item in fields(self))


@dataclass
class Formation:
    intitule: str = leaf("Intitulé", "intitule-formation")
    domaines: list[str] = leaf("Ce que l’on apprend", "domaine-formation/code-FORMACODE", default=[])
    parcours: str = leaf("Dans quel parcours se place l’action")
    url: str = leaf("Page internet", "url-formation/urlweb")
    objectif: str = leaf("Objectifs", "objectif-formation")
    contenu: str = leaf("Contenu", "contenu-formation")
    resultats: str = leaf("Ce que l’on obtient à la fin", "resultats-attendus", reserve=500)
    espaces_sociaux: list[str] = leaf("Espaces sociaux travaillés", default=[])
    publics: list[str] = leaf("Pour qui", "action/code-public-vise", default=[])
    info_publics: str = leaf("Précisions sur le public", "action/info-public-vise")
    visees: list[str] = leaf("Dans quel but", default=[])
    certification: str = leaf("Examen ou diplôme préparé")
    code_certification: str = leaf("Numéro RNCP ou RS", "certification/code-RNCP")
    niveaux: Niveaux = part("Niveaux de français", Niveaux)
    niveau_obligatoire: bool = leaf(
        "Ce niveau est indispensable pour entrer", "action/niveau-entree-obligatoire", default=False
    )
    conditions: str = leaf("Conditions pour participer", "action/conditions-specifiques", reserve=300)
    contact: Contact = part("Personne à contacter", Contact, "contact-formation")


@dataclass
class Lieu:
    id: str = leaf("Repère", hidden=True)
    adresse: Adresse = part("Adresse", Adresse, "coordonnees/adresse")
    acces_handicapes: str = leaf("Accès pour les personnes handicapées", "/formation/action/acces-handicapes")
    transport: str = leaf("Comment venir", "/formation/action/transport")

    @property
    def name(self) -> str:
        town = self.adresse.ville
        return " – ".join(words for words in (self.adresse.denomination, town) if words) or "Lieu sans nom"


@dataclass
class Creneau:
    """One weekly slot; hours of the place's own clock."""

    jour: str = leaf("Jour")
    debut: time | None = leaf("Début", default=None)
    fin: time | None = leaf("Fin", default=None)

    @property
    def minutes(self) -> int:
        """Length in minutes; 0 while the slot is incomplete or its end is before its start."""
        if not self.debut or not self.fin:
            return 0
        length = (self.fin.hour - self.debut.hour) * 60 + self.fin.minute - self.debut.minute
        return max(length, 0)


@dataclass
class Session:
    id: str = leaf("Repère", hidden=True)
    debut: date | None = leaf("Premier jour", "periode/debut", default=None)
    fin: date | None = leaf("Dernier jour", "periode/fin", default=None)
    recrutement: str = leaf("Inscriptions", "etat-recrutement", default="1")
    places_libres: int | None = leaf("Places encore libres", default=None)


@dataclass
class Action:
    """One group in one place."""

    id: str = leaf("Repère", hidden=True)
    nom: str = leaf("Nom du groupe")
    lieu: str = leaf("Lieu")
    format: str = leaf("En groupe ou en individuel", default="collectif")
    presence: str = leaf("Sur place ou à distance", "modalites-enseignement", default="0")
    niveaux: Niveaux = part("Niveaux du groupe", Niveaux)
    effectif_min: int | None = leaf("Nombre minimum de personnes", default=None)
    effectif_max: int | None = leaf("Nombre maximum de personnes", default=None)
    creneaux: list[Creneau] = many("Horaires de la semaine")
    rythme: str = leaf("Précisions sur le rythme", "rythme-formation", reserve=1200)
    organisation: str = leaf("Organisation du groupe", "modalites-alternance")
    semaines: int | None = leaf("Nombre de semaines d’atelier", default=None)
    heures_total: int | None = leaf("Nombre d’heures en tout", "nombre-heures-total", default=None)
    duree: str = leaf("Durée, en quelques mots", "duree-indicative")
    garde_enfants: str = leaf("Garde d’enfants")
    sessions: list[Session] = many("Dates", "session")

    @property
    def minutes_per_week(self) -> int:
        return sum(slot.minutes for slot in self.creneaux)

    @property
    def computed_hours(self) -> int | None:
        """Hours in all as the slots and the weeks make them; None when one of them is unknown."""
        if not self.minutes_per_week or not self.semaines:
            return None
        return round(self.minutes_per_week * self.semaines / 60)

    @property
    def hours(self) -> int | None:
        """Hours in all: declared, else computed."""
        return self.heures_total if self.heures_total is not None else self.computed_hours


@dataclass
class Inscription:
    """How one joins; the same for all sessions of the entry."""

    entrees: str = leaf("Quand peut-on arriver", "modalites-entrees-sorties")
    modalites: str = leaf("Comment s’inscrire", "session/modalites-inscription")
    recrutement: str = leaf("Déroulement de l’accueil", "modalites-recrutement")
    debut: date | None = leaf("Début des inscriptions", "session/periode-inscription/periode/debut", default=None)
    fin: date | None = leaf("Fin des inscriptions", "session/periode-inscription/periode/fin", default=None)
    ou: str = leaf("Où s’inscrit-on", default="sur_place")
    adresse: Adresse = part("Adresse d’inscription", Adresse, "session/adresse-inscription/adresse")
    contact: Contact = part("Personne qui inscrit", Contact, "session/contact-session")


@dataclass
class Financeur:
    code: str = leaf("Financeur", "code-financeur")
    programme: str = leaf("Programme")
    reference: str = leaf("Référence de la subvention")
    places: int | None = leaf("Places financées", "nb-places-financees", default=None)


@dataclass
class Financement:
    cout: str = leaf("Prix pour la personne")
    prix: int | None = leaf("Prix en euros", "prix-total-TTC", default=None)
    frais: str = leaf("Ce qui reste à payer", "frais-restants")
    prise_en_charge: bool = leaf("Une aide peut payer ces frais", "prise-en-charge-frais-possible", default=False)
    conventionne: str = leaf("Action subventionnée", "conventionnement")
    financeurs: list[Financeur] = many("Financeurs", "organisme-financeur")


@dataclass
class Contenu:
    structure: Structure = part("Structure", Structure, "formation/organisme-formation-responsable")
    formation: Formation = part("Formation", Formation, "formation")
    lieux: list[Lieu] = many("Lieux", "formation/action/lieu-de-formation")
    actions: list[Action] = many("Groupes", "formation/action")
    inscription: Inscription = part("Inscription", Inscription, "formation/action")
    financement: Financement = part("Financement", Financement, "formation/action")
    dernier_repere: int = leaf("Dernier repère donné", default=0, hidden=True)

    def new_id(self, kind: type) -> str:
        """The next local id (L1, G2, S3…), never given twice in the life of the fiche."""
        self.dernier_repere += 1
        return f"{ID_LETTERS[kind]}{self.dernier_repere}"

    def place_of(self, action: Action) -> Lieu | None:
        """The place where a group meets; the only place there is when none was chosen."""
        chosen = next((lieu for lieu in self.lieux if lieu.id == action.lieu), None)
        return chosen or (self.lieux[0] if len(self.lieux) == 1 else None)

    def levels_of(self, action: Action) -> Niveaux:
        """The levels of a group: its own where they are said, else those of the formation."""
        whole = self.formation.niveaux
        return Niveaux(*(getattr(action.niveaux, f.name) or getattr(whole, f.name) for f in fields(Niveaux)))


ID_LETTERS: dict[type, str] = {Lieu: "L", Action: "G", Session: "S"}


# --- The document -----------------------------------------------------------------------------------


def dump(value: Any) -> Any:
    """The JSON form of a content or of any part of it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: dump(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, list):
        return [dump(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    return value


def load(document: Document) -> Contenu:
    """The content of a stored document.

    Keys that are absent take their default, so that a content written before a field existed can
    still be read. An unknown key or a value of another type raises ContentError.
    """
    content = _load(Contenu, document, "")
    assert isinstance(content, Contenu)
    return content


def fingerprint(document: Any) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON of a document: the same for the same content."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def hints(kind: type) -> dict[str, Any]:
    """The resolved type of each field of a part of the content."""
    return get_type_hints(kind)


def _load(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise ContentError(f"{where or 'contenu'}: un objet était attendu")
        types = hints(kind)
        if unknown := value.keys() - types.keys():
            raise ContentError(f"{where or 'contenu'}: champs inconnus {sorted(unknown)}")
        return kind(**{name: _load(types[name], item, f"{where}.{name}") for name, item in value.items()})
    if get_origin(kind) is list:
        if not isinstance(value, list):
            raise ContentError(f"{where}: une liste était attendue")
        (inner,) = get_args(kind)
        return [_load(inner, item, f"{where}[]") for item in value]
    if get_origin(kind) in (Union, UnionType):
        if value is None:
            return None
        kind = next(choice for choice in get_args(kind) if choice is not type(None))
    if kind in (date, time):
        try:
            return kind.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise ContentError(f"{where}: {value!r} n’est pas de type {kind.__name__}") from error
    if type(value) is not kind:
        raise ContentError(f"{where}: {value!r} n’est pas de type {kind.__name__}")
    return value


# --- Patterns and paths -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Spot:
    """What the model says of one pattern.

    type: the Python type of the value (``list[str]``, ``date | None``, a dataclass…)
    lheo: absolute LHEO path, without the leading ``lheo/offres``, or "" where the standard has none
    """

    pattern: str
    label: str
    lheo: str
    reserve: int
    hidden: bool
    type: Any


@cache
def spots() -> dict[str, Spot]:
    """Every pattern of the model, parts and lists included, in document order."""
    return {spot.pattern: spot for spot in _spots(Contenu, "", "")}


def _spots(kind: type, prefix: str, lheo: str) -> Iterator[Spot]:
    for item in fields(kind):
        type_ = hints(kind)[item.name]
        own = item.metadata["lheo"]
        path = own[1:] if own.startswith("/") else f"{lheo}/{own}" if lheo and own else own
        inner = get_args(type_)[0] if get_origin(type_) is list else type_
        nested = dataclasses.is_dataclass(inner)
        pattern = prefix + item.name + ("[]" if nested and inner is not type_ else "")
        yield Spot(
            pattern,
            item.metadata["label"],
            path,
            item.metadata.get("reserve", 0),
            item.metadata.get("hidden", False),
            type_,
        )
        if nested:
            yield from _spots(inner, pattern + ".", path or lheo)


def pattern_of(path: str) -> str:
    """The pattern of a path: ``actions-0-nom`` → ``actions[].nom``."""
    return re.sub(r"-\d+", "[]", path).replace("-", ".")


def label_of(path: str) -> str:
    """What people call this spot: its own label, after the row it stands in."""
    spot = spots()[pattern_of(path)]
    rows = [
        f"{ROW_NAMES[pattern_of(path[: match.start()])]} {int(match[1]) + 1}" for match in re.finditer(r"-(\d+)", path)
    ]
    return ", ".join([*rows, spot.label])


ROW_NAMES = {
    "lieux": "Lieu",
    "actions": "Groupe",
    "actions[].creneaux": "créneau",
    "actions[].sessions": "dates",
    "financement.financeurs": "Financeur",
}


def values(content: Contenu, pattern: str) -> Iterator[tuple[str, Any]]:
    """(path, value) of every spot of this content that the pattern names, in document order."""
    yield from _values(content, pattern.split("."), "")


def _values(target: Any, names: list[str], path: str) -> Iterator[tuple[str, Any]]:
    name, rest = names[0], names[1:]
    value = getattr(target, name.removesuffix("[]"))
    here = f"{path}-{name.removesuffix('[]')}" if path else name.removesuffix("[]")
    found = [(f"{here}-{rank}", row) for rank, row in enumerate(value)] if name.endswith("[]") else [(here, value)]
    for where, item in found:
        if rest:
            yield from _values(item, rest, where)
        else:
            yield where, item
