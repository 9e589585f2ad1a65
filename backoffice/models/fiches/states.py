"""States of a Revision and of a Fiche, with their French labels."""

from __future__ import annotations

from enum import StrEnum


class RevisionState(StrEnum):
    BROUILLON = "brouillon"
    SOUMISE = "soumise"
    EN_INSTRUCTION = "en_instruction"
    VALIDEE = "validee"
    A_CORRIGER = "a_corriger"
    REFUSEE = "refusee"

    @property
    def label(self) -> str:
        return REVISION_LABELS[self]


class FicheState(StrEnum):
    NON_PUBLIEE = "non_publiee"
    PUBLIEE = "publiee"
    SUSPENDUE = "suspendue"
    ARCHIVEE = "archivee"

    @property
    def label(self) -> str:
        return FICHE_LABELS[self]


class Origin(StrEnum):
    """Who created a version: the structure, or a moderator who corrects a submitted one."""

    STRUCTURE = "structure"
    MODERATEUR = "moderateur"


REVISION_LABELS = {
    RevisionState.BROUILLON: "Brouillon",
    RevisionState.SOUMISE: "Envoyée, à vérifier",
    RevisionState.EN_INSTRUCTION: "En cours de vérification",
    RevisionState.VALIDEE: "Validée",
    RevisionState.A_CORRIGER: "Renvoyée pour correction",
    RevisionState.REFUSEE: "Refusée",
}

FICHE_LABELS = {
    FicheState.NON_PUBLIEE: "Pas encore publiée",
    FicheState.PUBLIEE: "Publiée",
    FicheState.SUSPENDUE: "Publication suspendue",
    FicheState.ARCHIVEE: "Archivée",
}


class Nature(StrEnum):
    """A version compared with the last approved one; computed at submission."""

    PREMIERE = "premiere"
    MODIFICATION = "modification"
    RENOUVELLEMENT = "renouvellement"

    @property
    def label(self) -> str:
        return _NATURES[self]


_NATURES = {
    Nature.PREMIERE: "Première fiche",
    Nature.MODIFICATION: "Modification",
    Nature.RENOUVELLEMENT: "Renouvellement",
}

OPEN_STATES = (RevisionState.BROUILLON, RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION)
"""States of a revision not decided yet; a fiche has at most one such revision."""
