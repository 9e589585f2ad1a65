"""The content classes, from the structure to a weekly slot, and the declaration of each leaf.

A value is declared only here: label, closed list, LHEO element, public or not. The columns of tables, the open data,
the content diff, the reading page and both imports are derived from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, time

from backoffice.models.values import numbers, urls
from backoffice.models.values.answers import Unit

from . import vocabulary as words
from .declare import UNASKED, Count, leaf, many, part, public
from .structure import Adresse, Contact, Structure


def school_year(day: date) -> int:
    """First year of the school year that contains this day; a school year begins on 1 September."""
    return day.year if day.month >= 9 else day.year - 1


_LOCAL = "the end of a numero"
"""Reason for which a value is left out of the open data, like UNASKED."""


@dataclass
class Niveaux:
    """CECRL levels, oral and written separately."""

    entree_oral: str = public("Niveau à l’oral en arrivant", choices=words.NIVEAUX_ORAL)
    entree_ecrit: str = public("Niveau à l’écrit en arrivant", choices=words.NIVEAUX_ECRIT)
    vise_oral: str = public("Niveau visé à l’oral", choices=words.NIVEAUX_ORAL)
    vise_ecrit: str = public("Niveau visé à l’écrit", choices=words.NIVEAUX_ECRIT)

    @property
    def empty(self) -> bool:
        return not any(getattr(self, item.name) for item in fields(self))


@dataclass
class Formation:
    intitule: str = public("Intitulé", "intitule-formation")
    domaines: list[str] = public(
        "Ce que l’on apprend", "domaine-formation/code-FORMACODE", default=[], choices=words.DOMAINES
    )
    parcours: str = public("Dans quel parcours se place l’action", choices=words.PARCOURS)
    url: str = public("Page internet", "url-formation/urlweb", reader=urls.read)
    objectif: str = public("Objectifs", "objectif-formation", multiline=True)
    contenu: str = public("Contenu", "contenu-formation", multiline=True)
    resultats: str = public("Ce que l’on obtient à la fin", "resultats-attendus", reserve=500, multiline=True)
    espaces_sociaux: list[str] = public("Espaces sociaux travaillés", default=[], choices=words.ESPACES_SOCIAUX)
    objectifs_oepre: list[str] = leaf(
        "Les trois objectifs",
        default=[],
        choices=words.OBJECTIFS_OEPRE,
        closed="the same three for every fiche of the dispositif",
    )
    publics: list[str] = public("Pour qui", "action/code-public-vise", default=[], choices=words.PUBLICS)
    info_publics: str = public("Précisions sur le public", "action/info-public-vise")
    visees: list[str] = public("Dans quel but", default=[], choices=words.VISEES)
    certification: str = public("Examen ou diplôme préparé")
    code_certification: str = public("Numéro RNCP ou RS", "certification/code-RNCP", reader=numbers.certification)
    niveaux: Niveaux = part("Niveaux de français", Niveaux)
    niveau_obligatoire: bool = public(
        "Ce niveau est indispensable pour entrer", "action/niveau-entree-obligatoire", default=False
    )
    conditions: str = public("Conditions pour participer", "action/conditions-specifiques", reserve=300, multiline=True)
    contact: Contact = part("Personne à contacter", Contact, "contact-formation")

    @property
    def certifying(self) -> bool:
        """Whether readers see a certification: it is aimed at, and its number is given. LHEO knows none without one."""
        return "certification" in self.visees and bool(self.code_certification)


@dataclass
class Lieu:
    id: str = leaf("Repère", hidden=True, closed=_LOCAL)
    adresse: Adresse = part("Adresse", Adresse, "coordonnees/adresse")
    acces_handicapes: str = public("Accès pour les personnes handicapées", "/formation/action/acces-handicapes")
    transport: str = public("Comment venir", "/formation/action/transport")
    uai: str = leaf(
        "Numéro UAI de l’école",
        "/formation/action/lieu-de-formation/code-UAI-lieu-formation/code-UAI",
        closed=UNASKED,
        reader=numbers.uai,
    )

    @property
    def name(self) -> str:
        town = self.adresse.ville
        return " – ".join(words for words in (self.adresse.denomination, town) if words) or "Lieu sans nom"


@dataclass
class Creneau:
    """A weekly slot, in local time."""

    jour: str = public("Jour", choices=words.JOURS)
    debut: time | None = public("Début", default=None)
    fin: time | None = public("Fin", default=None)

    @property
    def span(self) -> tuple[int, int] | None:
        """Start and end, in minutes of the day; None when incomplete, or when the end is not after the start."""
        if not self.debut or not self.fin or self.fin <= self.debut:
            return None
        return self.debut.hour * 60 + self.debut.minute, self.fin.hour * 60 + self.fin.minute

    @property
    def minutes(self) -> int:
        """Length in minutes; 0 without a span."""
        return self.span[1] - self.span[0] if self.span else 0

    def overlaps(self, other: Creneau) -> bool:
        """Whether both share a moment of the same day."""
        if self.jour != other.jour or self.span is None or other.span is None:
            return False
        return self.span[0] < other.span[1] and other.span[0] < self.span[1]


def taught_minutes(slots: Iterable[Creneau]) -> int:
    """Minutes of these slots; a moment that several slots of the same day share counts once."""
    total, day, end = 0, "", 0
    for jour, (start, stop) in sorted((slot.jour, slot.span) for slot in slots if slot.span):
        if jour != day:
            day, end = jour, 0
        total += max(stop - max(start, end), 0)
        end = max(end, stop)
    return total


@dataclass
class Recrutement:
    """An appointment before a session begins: meeting, test or interview."""

    modalite: str = leaf(
        "Comment se passe ce rendez-vous", "modalite-recrutement", choices=words.RENDEZ_VOUS, closed=UNASKED
    )
    jour: date | None = leaf("Jour du rendez-vous", "periode/debut", default=None, closed=UNASKED)
    debut: time | None = leaf("Heure de début", "heure-debut", default=None, closed=UNASKED)
    fin: time | None = leaf("Heure de fin", "heure-fin", default=None, closed=UNASKED)
    places: int | None = leaf(
        "Nombre de personnes reçues", "nb-places", default=None, closed=UNASKED, reader=Count(Unit.PERSONNES)
    )


@dataclass
class Session:
    id: str = leaf("Repère", hidden=True, closed=_LOCAL)
    debut: date | None = public("Premier jour", "periode/debut", default=None)
    fin: date | None = public("Dernier jour", "periode/fin", default=None)
    recrutement: str = public("Inscriptions", "etat-recrutement", default="1", choices=words.RECRUTEMENTS)
    places_libres: int | None = public("Places encore libres", default=None, reader=Count(Unit.PERSONNES, 0, 9_999))
    mois_seulement: bool = leaf("Seul le mois est connu", default=False, closed="its days are then left out")
    recrutements: list[Recrutement] = many("Rendez-vous avant de commencer", "recrutement", closed=UNASKED)

    @property
    def one_school_year(self) -> bool:
        """Whether it is within one school year (1 September to 31 August); true while a date is missing."""
        if not self.debut or not self.fin:
            return True
        return school_year(self.debut) == school_year(self.fin)


@dataclass
class Action:
    """One group in one place."""

    id: str = leaf("Repère", hidden=True, closed=_LOCAL)
    nom: str = public("Nom du groupe")
    lieu: str = leaf("Lieu", closed="told by the address of the place")
    format: str = public("En groupe ou en individuel", default="collectif", choices=words.FORMATS)
    presence: str = public("Sur place ou à distance", "modalites-enseignement", default="0", choices=words.PRESENCES)
    niveaux: Niveaux = part("Niveaux du groupe", Niveaux)
    effectif_min: int | None = public("Nombre minimum de personnes", default=None, reader=Count(Unit.PERSONNES, 1, 999))
    effectif_max: int | None = public("Nombre maximum de personnes", default=None, reader=Count(Unit.PERSONNES, 1, 999))
    creneaux: list[Creneau] = many("Horaires de la semaine")
    rythme: str = public("Précisions sur le rythme", "rythme-formation", reserve=1200, multiline=True)
    organisation: str = leaf("Organisation du groupe", "modalites-alternance", closed=UNASKED, multiline=True)
    vacances: bool = public("A lieu aussi pendant les vacances scolaires", default=False)
    semaines: int | None = public("Nombre de semaines d’atelier", default=None, reader=Count(Unit.SEMAINES, 0, 260))
    heures_total: int | None = public(
        "Nombre d’heures en tout", "nombre-heures-total", default=None, reader=Count(Unit.HEURES, 0, 9_999)
    )
    heures_centre: int | None = leaf(
        "Dont heures sur place",
        "nombre-heures-centre",
        default=None,
        closed=UNASKED,
        reader=Count(Unit.HEURES, 0, 9_999),
    )
    intensite: str = leaf("Rythme de la semaine", choices=words.INTENSITES, closed="told by the rhythm")
    duree: str = public("Durée, en quelques mots", "duree-indicative")
    garde_enfants: str = public("Garde d’enfants")
    sessions: list[Session] = many("Dates", "session")

    @property
    def minutes_per_week(self) -> int:
        """Overlapping slots count once."""
        return taught_minutes(self.creneaux)

    @property
    def computed_hours(self) -> int | None:
        """Total hours computed from the slots and the weeks; None when one of them is unknown."""
        if not self.minutes_per_week or not self.semaines:
            return None
        return round(self.minutes_per_week * self.semaines / 60)

    @property
    def hours(self) -> int | None:
        """Total hours: declared, else computed."""
        return self.heures_total if self.heures_total is not None else self.computed_hours

    @property
    def weekly_hours(self) -> float | None:
        """Hours per week computed from the slots; None without slots."""
        return self.minutes_per_week / 60 or None

    @property
    def hours_on_site(self) -> int | None:
        """Hours on site: declared, else all hours."""
        return self.heures_centre if self.heures_centre is not None else self.hours


@dataclass
class Inscription:
    """How to register; the same for all sessions of the fiche."""

    entrees: str = public("Quand peut-on arriver", "modalites-entrees-sorties", choices=words.ENTREES)
    modalites: str = public("Comment s’inscrire", "session/modalites-inscription")
    recrutement: str = public("Déroulement de l’accueil", "modalites-recrutement", multiline=True)
    debut: date | None = public("Début des inscriptions", "session/periode-inscription/periode/debut", default=None)
    fin: date | None = public("Fin des inscriptions", "session/periode-inscription/periode/fin", default=None)
    reunion: date | None = leaf("Réunion d’information", "date-information/date", default=None, closed=UNASKED)
    perimetre: str = leaf("D’où peut-on venir", "code-perimetre-recrutement", choices=words.PERIMETRES, closed=UNASKED)
    ou: str = leaf("Où s’inscrit-on", default="sur_place", choices=words.LIEUX_INSCRIPTION, closed=UNASKED)
    adresse: Adresse = part("Adresse d’inscription", Adresse, "session/adresse-inscription/adresse", closed=UNASKED)
    contact: Contact = part("Personne qui inscrit", Contact, "session/contact-session")


@dataclass
class Financeur:
    code: str = public("Financeur", "code-financeur", choices=words.FINANCEURS)
    programme: str = public("Programme", choices=words.PROGRAMMES)
    reference: str = leaf("Référence de la subvention", closed="the reference of a grant")
    places: int | None = leaf(
        "Places financées", "nb-places-financees", default=None, closed=UNASKED, reader=Count(Unit.PERSONNES)
    )


@dataclass
class Financement:
    cout: str = public("Prix pour la personne", choices=words.COUTS)
    prix: int | None = public("Prix en euros", "prix-total-TTC", default=None, reader=Count(Unit.EUROS))
    frais: str = public("Ce qui reste à payer", "frais-restants")
    prise_en_charge: bool = public("Une aide peut payer ces frais", "prise-en-charge-frais-possible", default=False)
    conventionne: str = leaf("Action subventionnée", "conventionnement", choices=words.OUI_NON, closed=UNASKED)
    lot: str = leaf("Lot du marché", closed=UNASKED)
    financeurs: list[Financeur] = many("Financeurs", "organisme-financeur")

    @property
    def codes(self) -> list[str]:
        """Codes of the funders."""
        return [financeur.code for financeur in self.financeurs if financeur.code]

    @property
    def programmes(self) -> list[str]:
        return [financeur.programme for financeur in self.financeurs if financeur.programme]


@dataclass
class Contenu:
    structure: Structure = part("Structure", Structure, "formation/organisme-formation-responsable")
    formation: Formation = part("Formation", Formation, "formation")
    lieux: list[Lieu] = many("Lieux", "formation/action/lieu-de-formation")
    actions: list[Action] = many("Groupes", "formation/action")
    inscription: Inscription = part("Inscription", Inscription, "formation/action")
    financement: Financement = part("Financement", Financement, "formation/action")
    dernier_repere: int = leaf("Dernier repère donné", default=0, hidden=True, closed=_LOCAL)

    confirmes: list[str] = leaf("Réponses confirmées", default=[], hidden=True, closed="what was asked again")
    """Values that are not likely and that a person confirmed, in their stored form: see values.faults.Doubt."""

    def new_id(self, kind: type) -> str:
        """The next local id (L1, G2, S3…), never reused in the life of the fiche."""
        self.dernier_repere += 1
        return f"{ID_LETTERS[kind]}{self.dernier_repere}"

    def place_of(self, action: Action) -> Lieu | None:
        """The place of a group; without one, the only place of the fiche, if it has exactly one."""
        chosen = next((lieu for lieu in self.lieux if lieu.id == action.lieu), None)
        return chosen or (self.lieux[0] if len(self.lieux) == 1 else None)

    def levels_of(self, action: Action) -> Niveaux:
        """The levels of a group, each one from the group if given, else from the formation."""
        whole = self.formation.niveaux
        return Niveaux(*(getattr(action.niveaux, f.name) or getattr(whole, f.name) for f in fields(Niveaux)))


ID_LETTERS: dict[type, str] = {Lieu: "L", Action: "G", Session: "S"}
