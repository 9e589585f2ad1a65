"""Declares the personal data that Relais stores about account holders.

The export, the erasure and the page «Confidentialité» read this table. A test compares it with the database: every
column that refers to an account, or contains an e-mail address, is either here or in ELSEWHERE.

To add one: a row of HOLDINGS, with what the export shows and what erasure does with the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from .erased_holdings import ERASED_HOLDINGS
from .holding import Holding
from .kept_holdings import KEPT_HOLDINGS

HOLDINGS: tuple[Holding, ...] = (*ERASED_HOLDINGS, *KEPT_HOLDINGS)


@dataclass(frozen=True)
class Elsewhere:
    """Data about people without an account. columns: «table.column» of the e-mail addresses in it."""

    what: str
    done: str
    columns: tuple[str, ...] = ()


ELSEWHERE: tuple[Elsewhere, ...] = (
    Elsewhere(
        "Les contacts écrits dans une fiche : accueil de la structure, personne qui inscrit",
        "La structure les écrit pour qu’ils soient publiés, et les change quand elle veut : ils disparaissent des flux "
        "avec la version suivante, ou dès que la fiche est archivée. Les versions déjà envoyées restent telles "
        "qu’elles ont été envoyées, dans les archives du territoire.",
    ),
    Elsewhere(
        "L’adresse à laquelle une structure porteuse est interrogée",
        "Elle reste avec la réponse, qui prouve l’accord ; sans réponse, elle est supprimée à la fin de sa durée.",
        ("support.email",),
    ),
    Elsewhere(
        "L’adresse à laquelle l’enquête du Plan national d’évaluation est envoyée",
        "La personne qui la reçoit peut en nommer une autre par le lien du message. Elle est effacée de la convention "
        "à la fin de sa durée ; l’histoire de l’obligation garde celle qui a été confirmée, comme preuve.",
        ("contact_request.email",),
    ),
    Elsewhere(
        "Les contacts d’une structure, écrits sur sa page",
        "La structure les écrit, les change et les efface elle-même.",
    ),
    Elsewhere(
        "L’adresse à laquelle écrire à un territoire",
        "C’est celle d’un service, choisie par le territoire pour être publiée.",
        ("territoire.contact_courriel",),
    ),
    Elsewhere(
        "L’adresse d’une personne qui commence une Fiche ASL sans aller jusqu’au bout",
        "Elle est supprimée à la fin de sa durée.",
    ),
)
