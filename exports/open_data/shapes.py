"""Shapes of the open data, declared once: the JSON that is sent and the schema that describes it.

Every field has its description for the public documentation; a field that carries a value of the content has the
label of the value unless another is given here. `plain` makes the JSON of a value, `Schemas` the JSON Schema
(2020-12, as OpenAPI 3.1 asks) of its class: both are generic.

Open data may be copied by anybody for ever. A value that the flows carry to professionals and that the open data
leave out gives the reason in its declaration: first of all names of persons and references of grants.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from backoffice.models.content import (
    Action,
    Adresse,
    Contact,
    Creneau,
    Financement,
    Financeur,
    Formation,
    Inscription,
    Lieu,
    Niveaux,
    Session,
    Structure,
)

from .carried import Terme, carries, columns, told

LICENCE_URL = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"


@dataclass(frozen=True, kw_only=True)
class Licence:
    nom: str = told("Nom de la licence")
    url: str = told("Texte de la licence")


LICENCE = Licence(nom="Licence Ouverte 2.0", url=LICENCE_URL)


@dataclass(frozen=True, kw_only=True)
class TerritoirePublic:
    slug: str = told("Nom court, celui du filtre « territoire »")
    nom: str = told("Nom du territoire")


@carries(Adresse)
class AdressePublique:
    denomination: str = told()
    lignes: list[str] = told()
    code_postal: str = told()
    ville: str = told()
    code_insee: str = told("Code Insee de la commune")
    departement: str = told("Code du département")
    region: str = told("Code Insee de la région")


@carries(Contact)
class Accueil:
    """Comment joindre l’accueil ; jamais le nom d’une personne."""

    telephone: str = told()
    courriel: str = told()


@carries(Structure)
class StructurePublique:
    numero: str = told("Numéro de la structure, le même que dans le flux LHEO")
    nom: str = told()
    raison_sociale: str = told()
    categorie: Terme | None = told("Sorte de structure")
    siret: str = told("Numéro SIRET ; vide quand la structure n’en a pas")
    adresse: AdressePublique = told("Adresse de la structure")
    accueil: Accueil = told("Accueil de la structure")


@carries(Niveaux)
class NiveauxPublics:
    """Niveaux du CECRL, de « infra A1.1 » ou « alpha » à « C2 » ; vide quand rien n’est dit."""

    entree_oral: str = told("À l’oral, en arrivant")
    entree_ecrit: str = told("À l’écrit, en arrivant")
    vise_oral: str = told("Visé à l’oral")
    vise_ecrit: str = told("Visé à l’écrit")


@carries(Creneau)
class Horaire:
    jour: str = told("Jour de la semaine")
    debut: str = told("Heure de début, HH:MM, à l’heure du lieu")
    fin: str = told("Heure de fin, HH:MM, à l’heure du lieu")


@carries(Session)
class SessionPublique:
    numero: str = told("Numéro de la session, le même que dans le flux LHEO")
    debut: date | None = told()
    fin: date | None = told()
    etat_inscription: Terme | None = told("État des inscriptions", of="recrutement")
    places_libres: int | None = told("Places encore libres ; null quand on ne le sait pas")


@carries(Action, Lieu)
class ActionPublique:
    """Un groupe dans un lieu."""

    numero: str = told("Numéro de l’action, le même que dans le flux LHEO")
    nom: str = told()
    lieu: AdressePublique | None = told("Où le groupe se réunit")
    transport: str = told()
    acces_handicapes: str = told()
    format: Terme | None = told()
    presence: Terme | None = told()
    niveaux: NiveauxPublics = told("Niveaux de français du groupe")
    horaires: list[Horaire] = told("Horaires de la semaine")
    rythme: str = told("Rythme, en une phrase")
    heures_total: int | None = told("Nombre d’heures en tout, déclaré ou calculé")
    vacances: bool = told()
    semaines: int | None = told("Nombre de semaines")
    duree: str = told()
    effectif_min: int | None = told()
    effectif_max: int | None = told()
    garde_enfants: str = told()
    sessions: list[SessionPublique] = told("Dates")


@carries(Inscription)
class InscriptionPublique:
    entrees: Terme | None = told("Quand on peut arriver")
    modalites: str = told()
    deroulement: str = told(of="recrutement")
    debut: date | None = told()
    fin: date | None = told()
    accueil: Accueil = told("Qui joindre pour s’inscrire")


@carries(Financeur)
class FinanceurPublic:
    financeur: Terme = told("Financeur, code LHEO", of="code")
    programme: str = told()


@carries(Financement)
class FinancementPublic:
    cout: Terme | None = told()
    prix: int | None = told("Prix en euros ; null quand c’est gratuit ou qu’on ne le sait pas")
    frais: str = told()
    prise_en_charge: bool = told()
    financeurs: list[FinanceurPublic] = told("Qui finance")


@carries(Formation)
class FichePublique:
    """Une action de formation linguistique, telle que les lecteurs la voient maintenant."""

    numero: str = told("Numéro de la fiche, le même pendant toute sa vie")
    mise_a_jour: datetime = told("Dernier changement publié")
    dispositif: Terme = told("Dispositif")
    territoire: TerritoirePublic = told("Territoire")
    intitule: str = told()
    domaines: list[Terme] = told("Ce que l’on apprend, Formacode V14")
    parcours: Terme = told("Parcours où se place l’action")
    objectif: str = told()
    contenu: str = told()
    resultats: str = told()
    espaces_sociaux: list[Terme] = told()
    visees: list[Terme] = told()
    publics: list[Terme] = told("Pour qui, Formacode V14")
    info_publics: str = told()
    niveaux: NiveauxPublics = told("Niveaux de français")
    niveau_obligatoire: bool = told("Le niveau est indispensable pour entrer")
    conditions: str = told()
    certification: str = told()
    code_certification: str = told()
    certifiante: bool = told("Mène à une certification dont le numéro est donné, comme `certifiante` dans les flux")
    url: str = told()
    accueil: Accueil = told("Qui joindre au sujet de l’action")
    structure: StructurePublique = told("Structure qui propose l’action")
    inscription: InscriptionPublique = told("Inscription")
    financement: FinancementPublic = told("Financement")
    actions: list[ActionPublique] = told("Groupes et lieux")


@dataclass(frozen=True, kw_only=True)
class Retrait:
    """Une fiche qui n’est plus dans ce qui est demandé : retirée, ou changée de sorte qu’un filtre ne la prend plus."""

    numero: str = told("Numéro de la fiche")
    date: datetime = told("Quand elle en est sortie")


@dataclass(frozen=True, kw_only=True)
class PageDeFiches:
    licence: Licence = told("Licence des données")
    fiches: list[FichePublique] = told("Fiches publiées, par numéro ; avec « depuis », dans l’ordre des changements")
    retraits: list[Retrait] = told("Avec « depuis » : fiches à retirer de sa copie, si elles y sont")
    suite: str | None = told("Adresse de la page suivante ; null quand il n’y en a plus")
    curseur: str | None = told("Avec « depuis » : valeur à donner à « depuis » la prochaine fois ; sinon null")


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


@columns
class LigneAction:
    """Une action (un groupe dans un lieu) à plat : une ligne du CSV, une entité du GeoJSON."""

    numero: str = told("Numéro de l’action", header="Numéro")
    fiche: str = told("Numéro de la fiche", header="Fiche")
    intitule: str = told(of="formation.intitule")
    dispositif: str = told("Dispositif")
    territoire: str = told("Territoire")
    structure: str = told("Structure", of="structure.nom")
    siret: str = told("Numéro SIRET de la structure", header="SIRET", of="structure.siret")
    groupe: str = told("Groupe", of="actions[].nom")
    lieu: str = told("Nom du lieu", header="Lieu", of="lieux[].adresse.denomination")
    adresse: str = told("Numéro et rue", header="Adresse", of="lieux[].adresse.lignes")
    code_postal: str = told(of="lieux[].adresse.code_postal")
    commune: str = told("Commune", of="lieux[].adresse.ville")
    code_insee: str = told("Code Insee de la commune", header="Code Insee", of="lieux[].adresse.code_insee")
    departement: str = told("Code du département", header="Département", of="lieux[].adresse.departement")
    presence: str = told(of="actions[].presence")
    rythme: str = told("Rythme")
    heures_total: int | None = told("Nombre d’heures en tout", header="Heures")
    niveau_entree: str = told("Niveau de français à l’entrée", header="Niveau à l’entrée")
    niveau_vise: str = told("Niveau de français visé", header="Niveau visé")
    publics: str = told("Pour qui", header="Publics")
    visees: str = told("Dans quel but", header="Visées", of="formation.visees")
    espaces_sociaux: str = told("Espaces sociaux travaillés", header="Espaces sociaux", of="formation.espaces_sociaux")
    cout: str = told("Prix pour la personne", header="Coût", of="financement.cout")
    financeurs: str = told("Financeurs")
    premier_jour: date | None = told("Premier jour, toutes sessions ensemble", header="Premier jour")
    dernier_jour: date | None = told("Dernier jour, toutes sessions ensemble", header="Dernier jour")
    etat_inscription: str = told("Inscriptions : ouvertes dès qu’une session l’est", header="Inscriptions")
    places_libres: int | None = told("Places libres, toutes sessions ensemble", header="Places libres")
    entrees: str = told("Quand on peut arriver", header="Entrées", of="inscription.entrees")
    comment_s_inscrire: str = told(of="inscription.modalites")
    telephone: str = told("Téléphone")
    courriel: str = told("Adresse e-mail", header="E-mail")
    url: str = told(of="formation.url")
    mise_a_jour: date = told("Jour du dernier changement publié", header="Mise à jour")


# --- From a declaration to JSON and to its schema --------------------------------------------------


def plain(value: Any) -> Any:
    """JSON form of an instance of these classes; dates and times as ISO 8601."""
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
    """JSON Schemas by class name, built on demand: the `components` of an OpenAPI document."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """Schema of a type. A class is added to the components and gives a reference."""
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
