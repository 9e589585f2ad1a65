"""What is declared of each kind of row about a person, and of each column of the account itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, null, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.models import (
    Fiche,
    Mail,
    MailState,
    User,
)

ERASED = "Compte effacé"
"""The name that replaces that of an erased account."""
NO_ADDRESS = "adresse effacée"
"""Text that replaces an erased e-mail address."""


class Fate(StrEnum):
    """What erasing the account does with a row: delete it, blank its personal columns, or keep it."""

    SUPPRIME = "supprime"
    VIDE = "vide"
    GARDE = "garde"

    @property
    def label(self) -> str:
        return _FATES[self]


_FATES = {
    Fate.SUPPRIME: "Supprimé",
    Fate.VIDE: "Vidé de ce qui vous désigne",
    Fate.GARDE: "Gardé, au nom de « Compte effacé »",
}

Shown = Mapping[str, tuple[str, Any]]
"""{key in data.json: (French label, selected column or expression)}"""


@dataclass(frozen=True)
class Holding:
    """The rows of one table that are about a person.

    key: in data.json. columns: those that identify the person, by account id or by e-mail address. joins: (target,
    condition) of the outer joins that `shown` needs. why: the reason for keeping the rows, in French. blank: {column:
    value} written when the rows are blanked.
    """

    key: str
    title: str
    columns: tuple[InstrumentedAttribute[Any], ...]
    shown: Shown
    fate: Fate
    joins: tuple[tuple[Any, ColumnElement[bool]], ...] = ()
    why: str = ""
    blank: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> Any:
        return self.columns[0].class_

    def of(self, user: User) -> ColumnElement[bool]:
        """SQL condition: the row is about this person."""
        return or_(*(column == (user.id if is_account(column) else user.email) for column in self.columns))

    def rows(self, user: User) -> Select[Any]:
        """Query of the values shown to the person, in the order of the primary key."""
        query = select(*(value.label(key) for key, (_, value) in self.shown.items())).select_from(self.model)
        for target, condition in self.joins:
            query = query.outerjoin(target, condition)
        return query.where(self.of(user)).order_by(*self.model.__table__.primary_key.columns)


def is_account(column: InstrumentedAttribute[Any]) -> bool:
    """Whether a column contains an account id; otherwise it contains an address."""
    return bool(column.property.columns[0].foreign_keys)


@dataclass(frozen=True)
class Own:
    """One column of the account itself. label: "" when not exported; blank: value written by erasure, unless `kept`."""

    label: str
    blank: Any = None
    kept: bool = False


ACCOUNT: Mapping[str, Own] = {
    "id": Own("Numéro du compte", kept=True),
    "email": Own("Adresse e-mail"),  # replaced by a unique address: see erasure
    "name": Own("Nom", ERASED),
    "password_hash": Own("", ""),
    "active": Own("Compte ouvert", False),
    "administrator": Own("Administration du réseau", False),
    "demonstration": Own("Compte de démonstration", kept=True),
    "created_at": Own("Créé", kept=True),
    "seen_at": Own("Dernière venue"),
    "searched": Own("", ""),  # follows the name and the address
}
"""Every column of user_account."""

_RESTING = case(
    (
        Mail.state.in_((MailState.A_ENVOYER, MailState.EN_COURS, MailState.REFUSE, MailState.INCERTAIN)),
        MailState.ANNULE,
    ),
    else_=Mail.state,
)
"""The state of an emptied e-mail: one that could still be sent is cancelled."""
BLANK_TEXT: Mapping[str, Any] = {"text": "", "html": "", "state": _RESTING}
BLANK_MAIL: Mapping[str, Any] = {
    **BLANK_TEXT,
    "address": NO_ADDRESS,
    "subject": "Objet effacé",
    "error": "",
    "user_id": null(),
    "searched": "",
}

FICHE: Shown = {"fiche": ("Numéro de la fiche", Fiche.numero)}
HISTORY = "L’histoire d’une fiche dit qui a décidé quoi : elle ne se réécrit pas. Elle ne porte plus votre nom."
MINE = "La suite du travail des autres en dépend. Elle ne porte plus votre nom."
GRANT = "Le suivi d’une subvention doit pouvoir être prouvé. Il ne porte plus votre nom."
