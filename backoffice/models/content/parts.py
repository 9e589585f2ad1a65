"""The parts of a content, from the structure to one weekly slot, and what is declared of each leaf."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, time
from typing import Any


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


def school_year(day: date) -> int:
    """The year in which the school year of this day began."""
    return day.year if day.month >= 9 else day.year - 1


@dataclass
class Adresse:
    denomination: str = leaf("Nom du lieu", "denomination")
    lignes: list[str] = leaf("Numéro et rue", "ligne", default=[])
    code_postal: str = leaf("Code postal", "codepostal")
    ville: str = leaf("Ville", "ville")
    code_insee: str = leaf("Code Insee", "code-INSEE-commune", hidden=True)
    departement: str = leaf("Département", "departement", hidden=True)
    region: str = leaf("Région", "region", hidden=True)

    @property
    def envelope(self) -> list[str]:
        """Its lines, as on an envelope."""
        town = f"{self.code_postal} {self.ville}".strip()
        return [text for text in (self.denomination, *self.lignes, town) if text]


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
class Porteuse:
    """A structure that has a SIRET and lends its name to one that has none."""

    nom: str = leaf("Nom officiel de la structure porteuse", "raison-sociale")
    siret: str = leaf("Numéro SIRET de la structure porteuse", "SIRET-organisme-formation/SIRET")
    courriel: str = leaf("Adresse e-mail de la structure porteuse")

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
    formateur_nom: str = leaf(
        "Organisme qui donne les cours", "/formation/action/organisme-formateur/raison-sociale-formateur"
    )
    formateur_siret: str = leaf(
        "Numéro SIRET de l’organisme qui donne les cours",
        "/formation/action/organisme-formateur/SIRET-formateur/SIRET",
    )
    rna: str = leaf("Numéro RNA")
    uai: str = leaf("Numéro UAI de l’établissement", "code-UAI-organisme-formation/code-UAI")
    porteuse: Porteuse = part("Structure porteuse", Porteuse)

    @property
    def legal_name(self) -> str:
        return self.raison_sociale or self.nom

    @property
    def carrier(self) -> Porteuse | None:
        """The structure under whose SIRET this one acts; None when it has one, or when nobody carries it."""
        return self.porteuse if not self.siret and self.porteuse.nom and self.porteuse.siret else None

    @property
    def known_siret(self) -> str:
        """Its own SIRET, else that of the structure that carries it, else ""."""
        return self.carrier.siret if self.carrier else self.siret


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
    objectifs_oepre: list[str] = leaf("Les trois objectifs", default=[])
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
    uai: str = leaf("Numéro UAI de l’école", "/formation/action/lieu-de-formation/code-UAI-lieu-formation/code-UAI")

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
class Recrutement:
    """One appointment before a session begins: a meeting, a test, an interview."""

    modalite: str = leaf("Comment se passe ce rendez-vous", "modalite-recrutement")
    jour: date | None = leaf("Jour du rendez-vous", "periode/debut", default=None)
    debut: time | None = leaf("Heure de début", "heure-debut", default=None)
    fin: time | None = leaf("Heure de fin", "heure-fin", default=None)
    places: int | None = leaf("Nombre de personnes reçues", "nb-places", default=None)


@dataclass
class Session:
    id: str = leaf("Repère", hidden=True)
    debut: date | None = leaf("Premier jour", "periode/debut", default=None)
    fin: date | None = leaf("Dernier jour", "periode/fin", default=None)
    recrutement: str = leaf("Inscriptions", "etat-recrutement", default="1")
    places_libres: int | None = leaf("Places encore libres", default=None)
    mois_seulement: bool = leaf("Seul le mois est connu", default=False)
    recrutements: list[Recrutement] = many("Rendez-vous avant de commencer", "recrutement")

    @property
    def one_school_year(self) -> bool:
        """Whether it stands within one school year, from 1 September to 31 August; true while undated."""
        if not self.debut or not self.fin:
            return True
        return school_year(self.debut) == school_year(self.fin)


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
    vacances: bool = leaf("A lieu aussi pendant les vacances scolaires", default=False)
    semaines: int | None = leaf("Nombre de semaines d’atelier", default=None)
    heures_total: int | None = leaf("Nombre d’heures en tout", "nombre-heures-total", default=None)
    heures_centre: int | None = leaf("Dont heures sur place", "nombre-heures-centre", default=None)
    intensite: str = leaf("Rythme de la semaine")
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

    @property
    def weekly_hours(self) -> float | None:
        """Hours a week as the slots make them; None while there is none."""
        return self.minutes_per_week / 60 or None

    @property
    def hours_on_site(self) -> int | None:
        """Hours spent in the place: declared, else all of them."""
        return self.heures_centre if self.heures_centre is not None else self.hours


@dataclass
class Inscription:
    """How one joins; the same for all sessions of the entry."""

    entrees: str = leaf("Quand peut-on arriver", "modalites-entrees-sorties")
    modalites: str = leaf("Comment s’inscrire", "session/modalites-inscription")
    recrutement: str = leaf("Déroulement de l’accueil", "modalites-recrutement")
    debut: date | None = leaf("Début des inscriptions", "session/periode-inscription/periode/debut", default=None)
    fin: date | None = leaf("Fin des inscriptions", "session/periode-inscription/periode/fin", default=None)
    reunion: date | None = leaf("Réunion d’information", "date-information/date", default=None)
    perimetre: str = leaf("D’où peut-on venir", "code-perimetre-recrutement")
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
    lot: str = leaf("Lot du marché")
    financeurs: list[Financeur] = many("Financeurs", "organisme-financeur")

    @property
    def codes(self) -> list[str]:
        """The codes of those who pay."""
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
