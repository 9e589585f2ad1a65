"""Themes and values specific to the fiches of OEPRE and OFII. Data only."""

from __future__ import annotations

from datetime import time

from backoffice.models import Dispositif
from backoffice.models.content import Contenu, Creneau, Financement, Financeur
from backoffice.models.content.vocabulary import JOURS, OBJECTIFS_OEPRE

from .structures import House
from .themes import THEMES, Theme

PARENTS = (
    Theme(
        ("Ouvrir l’école aux parents à {ville}", "Ouvrir l’école aux parents, {lieu}"),
        "Parler avec l’équipe de l’école, aider son enfant, connaître ses droits et ceux de chacun.",
        "Le carnet de liaison, les bulletins, une rencontre avec la directrice, une visite de la mairie.",
        (),
        ("infra A1.1", "alpha", "A1", "A1.1"),
        publics=("81023",),
        info_publics="Parents d’élèves de l’établissement et des écoles voisines",
    ),
)

MARKET = (
    Theme(
        ("Formation linguistique du contrat d’intégration à {ville}", "Formation linguistique de l’OFII, {lieu}"),
        "Atteindre le niveau A1 à l’oral et à l’écrit, et se débrouiller dans la vie de tous les jours.",
        "Vie quotidienne, logement, santé, travail, droits et devoirs. Évaluation au milieu et à la fin.",
        (),
        ("infra A1.1", "infra A1.1", "A1", "A1"),
        publics=("81023",),
        conditions="Avoir signé le contrat d’intégration républicaine et être orienté par l’OFII.",
        resultats="Attestation de niveau remise à la fin de la formation.",
    ),
)


def themes_of(house: House) -> tuple[Theme, ...]:
    return {Dispositif.OEPRE: PARENTS, Dispositif.OFII: MARKET}.get(house.dispositif, THEMES)


def fit(content: Contenu, house: House) -> Contenu:
    """The same content, changed for the dispositif of the structure."""
    if house.dispositif is Dispositif.OEPRE:
        _for_parents(content, house)
    if house.dispositif is Dispositif.OFII:
        _for_the_market(content, house)
    return content


def _for_parents(content: Contenu, house: House) -> None:
    content.formation.objectifs_oepre = list(OBJECTIFS_OEPRE)
    content.financement = Financement(cout="gratuit", conventionne="oui", financeurs=[Financeur("19"), Financeur("12")])
    for lieu in content.lieux:
        lieu.uai = house.uai
    for action in content.actions:
        action.creneaux = [Creneau("mardi", time(9), time(11)), Creneau("vendredi", time(9), time(11))]
        action.semaines, action.heures_total = 28, None
        action.effectif_min, action.effectif_max = 8, 15


def _for_the_market(content: Contenu, house: House) -> None:
    content.inscription.modalites = "Sur prescription de l’OFII uniquement"
    content.financement = Financement(
        cout="gratuit", conventionne="oui", lot=f"Lot {house.rank % 20}", financeurs=[Financeur("20")]
    )
    for action in content.actions:
        action.creneaux = [Creneau(day, time(9), time(13)) for day in list(JOURS)[:5]]
        action.intensite, action.semaines, action.heures_total = "intensif", 30, 600
