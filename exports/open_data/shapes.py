"""The shape of the open data, declared once: the JSON that is sent and the schema that describes it.

Every field is said in the words of the public documentation. `plain` makes the JSON of a value,
`Schemas` makes the JSON Schema (2020-12, as OpenAPI 3.1 asks) of its class: neither knows any field.

Two things that the flows carry to professionals are left out on purpose, since open data may be
copied by anybody for ever: the names of the persons to contact (the telephone and the e-mail of the
reception are enough to join) and the references of the grants.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

LICENCE_URL = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"


def told(description: str, *, header: str = "") -> Any:
    """Declares one field. `header` is its column in a spreadsheet; the description serves by default."""
    return field(metadata={"description": description, "header": header or description})


@dataclass(frozen=True, kw_only=True)
class Licence:
    nom: str = told("Nom de la licence")
    url: str = told("Texte de la licence")


LICENCE = Licence(nom="Licence Ouverte 2.0", url=LICENCE_URL)


@dataclass(frozen=True, kw_only=True)
class Terme:
    """Un code et ce qu’il veut dire."""

    code: str = told("Code")
    libelle: str = told("Signification du code, à afficher")


@dataclass(frozen=True, kw_only=True)
class TerritoirePublic:
    slug: str = told("Nom court, celui du filtre « territoire »")
    nom: str = told("Nom du territoire")


@dataclass(frozen=True, kw_only=True)
class AdressePublique:
    denomination: str = told("Nom du lieu")
    lignes: list[str] = told("Numéro et rue")
    code_postal: str = told("Code postal")
    ville: str = told("Ville")
    code_insee: str = told("Code Insee de la commune")
    departement: str = told("Code du département")
    region: str = told("Code Insee de la région")


@dataclass(frozen=True, kw_only=True)
class Accueil:
    """Comment joindre l’accueil ; jamais le nom d’une personne."""

    telephone: str = told("Téléphone")
    courriel: str = told("Adresse e-mail")


@dataclass(frozen=True, kw_only=True)
class StructurePublique:
    numero: str = told("Numéro de la structure, le même que dans le flux LHEO")
    nom: str = told("Nom de la structure")
    raison_sociale: str = told("Nom officiel")
    categorie: Terme | None = told("Sorte de structure")
    siret: str = told("Numéro SIRET ; vide quand la structure n’en a pas")
    adresse: AdressePublique = told("Adresse de la structure")
    accueil: Accueil = told("Accueil de la structure")


@dataclass(frozen=True, kw_only=True)
class NiveauxPublics:
    """Niveaux du CECRL, de « infra A1.1 » ou « alpha » à « C2 » ; vide quand rien n’est dit."""

    entree_oral: str = told("À l’oral, en arrivant")
    entree_ecrit: str = told("À l’écrit, en arrivant")
    vise_oral: str = told("Visé à l’oral")
    vise_ecrit: str = told("Visé à l’écrit")


@dataclass(frozen=True, kw_only=True)
class Horaire:
    jour: str = told("Jour de la semaine")
    debut: str = told("Heure de début, HH:MM, à l’heure du lieu")
    fin: str = told("Heure de fin, HH:MM, à l’heure du lieu")


@dataclass(frozen=True, kw_only=True)
class SessionPublique:
    numero: str = told("Numéro de la session, le même que dans le flux LHEO")
    debut: date | None = told("Premier jour")
    fin: date | None = told("Dernier jour")
    etat_inscription: Terme | None = told("État des inscriptions")
    places_libres: int | None = told("Places encore libres ; null quand on ne le sait pas")


@dataclass(frozen=True, kw_only=True)
class ActionPublique:
    """Un groupe dans un lieu."""

    numero: str = told("Numéro de l’action, le même que dans le flux LHEO")
    nom: str = told("Nom du groupe")
    lieu: AdressePublique | None = told("Où le groupe se réunit")
    transport: str = told("Comment venir")
    acces_handicapes: str = told("Accès pour les personnes handicapées")
    format: Terme | None = told("En groupe ou en individuel")
    presence: Terme | None = told("Sur place ou à distance")
    niveaux: NiveauxPublics = told("Niveaux de français du groupe")
    horaires: list[Horaire] = told("Horaires de la semaine")
    rythme: str = told("Rythme, en une phrase")
    heures_total: int | None = told("Nombre d’heures en tout, déclaré ou calculé")
    vacances: bool = told("A lieu aussi pendant les vacances scolaires")
    semaines: int | None = told("Nombre de semaines")
    duree: str = told("Durée, en quelques mots")
    effectif_min: int | None = told("Nombre minimum de personnes")
    effectif_max: int | None = told("Nombre maximum de personnes")
    garde_enfants: str = told("Garde d’enfants")
    sessions: list[SessionPublique] = told("Dates")


@dataclass(frozen=True, kw_only=True)
class InscriptionPublique:
    entrees: Terme | None = told("Quand on peut arriver")
    modalites: str = told("Comment s’inscrire")
    deroulement: str = told("Déroulement de l’accueil")
    debut: date | None = told("Début des inscriptions")
    fin: date | None = told("Fin des inscriptions")
    accueil: Accueil = told("Qui joindre pour s’inscrire")


@dataclass(frozen=True, kw_only=True)
class FinanceurPublic:
    financeur: Terme = told("Financeur, code LHEO")
    programme: str = told("Programme")


@dataclass(frozen=True, kw_only=True)
class FinancementPublic:
    cout: Terme | None = told("Prix pour la personne")
    prix: int | None = told("Prix en euros ; null quand c’est gratuit ou qu’on ne le sait pas")
    frais: str = told("Ce qui reste à payer")
    prise_en_charge: bool = told("Une aide peut payer ces frais")
    financeurs: list[FinanceurPublic] = told("Qui finance")


@dataclass(frozen=True, kw_only=True)
class FichePublique:
    """Une action de formation linguistique, telle que les lecteurs la voient maintenant."""

    numero: str = told("Numéro de la fiche, le même pendant toute sa vie")
    mise_a_jour: datetime = told("Dernier changement publié")
    dispositif: Terme = told("Dispositif")
    territoire: TerritoirePublic = told("Territoire")
    intitule: str = told("Intitulé")
    domaines: list[Terme] = told("Ce que l’on apprend, Formacode V14")
    parcours: Terme = told("Parcours où se place l’action")
    objectif: str = told("Objectifs")
    contenu: str = told("Contenu")
    resultats: str = told("Ce que l’on obtient à la fin")
    espaces_sociaux: list[Terme] = told("Espaces sociaux travaillés")
    visees: list[Terme] = told("Dans quel but")
    publics: list[Terme] = told("Pour qui, Formacode V14")
    info_publics: str = told("Précisions sur le public")
    niveaux: NiveauxPublics = told("Niveaux de français")
    niveau_obligatoire: bool = told("Le niveau est indispensable pour entrer")
    conditions: str = told("Conditions pour participer")
    certification: str = told("Examen ou diplôme préparé")
    code_certification: str = told("Numéro RNCP ou RS")
    url: str = told("Page internet")
    accueil: Accueil = told("Qui joindre au sujet de l’action")
    structure: StructurePublique = told("Structure qui propose l’action")
    inscription: InscriptionPublique = told("Inscription")
    financement: FinancementPublic = told("Financement")
    actions: list[ActionPublique] = told("Groupes et lieux")


@dataclass(frozen=True, kw_only=True)
class PageDeFiches:
    licence: Licence = told("Licence des données")
    fiches: list[FichePublique] = told("Fiches publiées, par numéro")
    suite: str | None = told("Adresse de la page suivante ; null quand il n’y en a plus")


@dataclass(frozen=True, kw_only=True)
class UneFiche:
    licence: Licence = told("Licence des données")
    fiche: FichePublique = told("La fiche publiée")


@dataclass(frozen=True, kw_only=True)
class ParametreRefuse:
    parametre: str = told("Nom du paramètre")
    message: str = told("Ce qui ne va pas et ce qui est attendu")


@dataclass(frozen=True, kw_only=True)
class Probleme:
    """Pourquoi la demande n’a pas de réponse (RFC 9457)."""

    type: str = told("Sorte de problème ; « about:blank » : celle que dit le statut HTTP")
    title: str = told("Le problème en quelques mots")
    status: int = told("Statut HTTP")
    detail: str = told("Que faire")
    erreurs: list[ParametreRefuse] = told("Paramètres refusés")


@dataclass(frozen=True, kw_only=True)
class LigneAction:
    """Une action (un groupe dans un lieu) à plat : une ligne du CSV, une entité du GeoJSON."""

    numero: str = told("Numéro de l’action", header="Numéro")
    fiche: str = told("Numéro de la fiche", header="Fiche")
    intitule: str = told("Intitulé")
    dispositif: str = told("Dispositif")
    territoire: str = told("Territoire")
    structure: str = told("Structure")
    siret: str = told("Numéro SIRET de la structure", header="SIRET")
    groupe: str = told("Groupe")
    lieu: str = told("Nom du lieu", header="Lieu")
    adresse: str = told("Numéro et rue", header="Adresse")
    code_postal: str = told("Code postal")
    commune: str = told("Commune")
    code_insee: str = told("Code Insee de la commune", header="Code Insee")
    departement: str = told("Code du département", header="Département")
    presence: str = told("Sur place ou à distance")
    rythme: str = told("Rythme")
    heures_total: int | None = told("Nombre d’heures en tout", header="Heures")
    niveau_entree: str = told("Niveau de français à l’entrée", header="Niveau à l’entrée")
    niveau_vise: str = told("Niveau de français visé", header="Niveau visé")
    publics: str = told("Pour qui", header="Publics")
    visees: str = told("Dans quel but", header="Visées")
    espaces_sociaux: str = told("Espaces sociaux travaillés", header="Espaces sociaux")
    cout: str = told("Prix pour la personne", header="Coût")
    financeurs: str = told("Financeurs")
    premier_jour: date | None = told("Premier jour, toutes sessions ensemble", header="Premier jour")
    dernier_jour: date | None = told("Dernier jour, toutes sessions ensemble", header="Dernier jour")
    etat_inscription: str = told("Inscriptions : ouvertes dès qu’une session l’est", header="Inscriptions")
    places_libres: int | None = told("Places libres, toutes sessions ensemble", header="Places libres")
    entrees: str = told("Quand on peut arriver", header="Entrées")
    comment_s_inscrire: str = told("Comment s’inscrire")
    telephone: str = told("Téléphone")
    courriel: str = told("Adresse e-mail", header="E-mail")
    url: str = told("Page internet")
    mise_a_jour: date = told("Jour du dernier changement publié", header="Mise à jour")


# --- From a declaration to JSON and to its schema --------------------------------------------------


def plain(value: Any) -> Any:
    """The JSON form of a value of these classes: dates and moments as ISO 8601."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}


class Schemas:
    """Schemas by the name of their class, made as they are asked: the `components` of an OpenAPI document."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type: a reference for a class, which is then among the components."""
        if kind in SCALARS:
            return dict(SCALARS[kind])
        if get_origin(kind) is list:
            return {"type": "array", "items": self.of(get_args(kind)[0])}
        if get_origin(kind) in (Union, UnionType):
            return {"anyOf": [self.of(choice) for choice in get_args(kind) if choice is not type(None)] + [NULL]}
        if kind.__name__ not in self.components:
            self.components[kind.__name__] = {}  # a class may hold itself
            self.components[kind.__name__] = self._object(kind)
        return {"$ref": f"#/components/schemas/{kind.__name__}"}

    def _object(self, kind: type) -> dict[str, Any]:
        properties = {
            item.name: {**self.of(_hints(kind)[item.name]), "description": item.metadata["description"]}
            for item in fields(kind)
        }
        said = {"description": kind.__doc__} if kind.__doc__ and not kind.__doc__.startswith(kind.__name__) else {}
        return {
            "type": "object",
            **said,
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }


NULL = {"type": "null"}
