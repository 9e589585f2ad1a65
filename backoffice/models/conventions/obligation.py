"""The three kinds of obligations of a convention, and their states."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

Proof = dict[str, Any]
"""Keys by kind. carte: {"date", "flux", "numero", "numeros", "lien"}; refugies_info: {"adresse", "date"};
pne: {"adresse", "envoye", "repondu", "verifie"}. Dates are ISO 8601 texts; a key may be absent.
"""


class ObligationKind(StrEnum):
    CARTE = "carte"
    REFUGIES_INFO = "refugies_info"
    PNE = "pne"


class ObligationState(StrEnum):
    A_FOURNIR = "a_fournir"
    DECLAREE = "declaree"
    VERIFIEE = "verifiee"
    NON_CONFORME = "non_conforme"
    SANS_OBJET = "sans_objet"

    @property
    def label(self) -> str:
        return _STATES[self]


_STATES = {
    ObligationState.A_FOURNIR: "À fournir",
    ObligationState.DECLAREE: "Déclarée",
    ObligationState.VERIFIEE: "Vérifiée",
    ObligationState.NON_CONFORME: "Non conforme",
    ObligationState.SANS_OBJET: "Sans objet",
}

WAITED = (ObligationState.A_FOURNIR, ObligationState.NON_CONFORME)
"""States in which the structure still has something to do: it may be overdue and receive reminders."""

MET = (ObligationState.VERIFIEE, ObligationState.SANS_OBJET)
