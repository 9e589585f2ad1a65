"""The one table of transitions. Buttons, permissions, the engine, the tests all read it.

To add a transition, add a row; to change who may do it, change its permission here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from backoffice.models import FicheState, RevisionState
from backoffice.permissions import Permission

from . import carriers, effects, guards, rule_hits

if TYPE_CHECKING:
    from .case import Case


class Subject(Enum):
    """Whose state a transition changes."""

    REVISION = "revision"
    FICHE = "fiche"


@dataclass(frozen=True)
class Transition:
    """One allowed step.

    label: the words of the button; done: the past participle, as in «déjà validée par …»
    notice: what the people of the structure are told, see `notices`; "" when it only concerns moderators
    comment: the question asked when a comment is required, else ""
    reasons: whether a reason must be chosen in the list of the territoire; a comment may be added to it
    guard: raises guards.Refused when the step must not be taken; effect: sets the facts that go
    with the new state. Both run inside the transaction, with the fiche locked.
    """

    name: str
    label: str
    done: str
    subject: Subject
    sources: tuple[RevisionState | FicheState, ...]
    target: RevisionState | FicheState
    permission: Permission
    notice: str = ""
    comment: str = ""
    reasons: bool = False
    guard: Callable[[Case], None] | None = None
    effect: Callable[[Case], None] | None = None

    @property
    def explained(self) -> bool:
        """Whether the person must say why before it is taken."""
        return bool(self.comment) or self.reasons


_R, _F = RevisionState, FicheState

_TABLE = (
    Transition(
        "soumettre",
        "Envoyer pour vérification",
        "envoyée",
        Subject.REVISION,
        (_R.BROUILLON,),
        _R.SOUMISE,
        Permission.WRITE_FICHE,
        guard=guards.complete,
        effect=effects.freeze,
    ),
    Transition(
        "deposer",
        "Envoyer à la place de la structure",
        "envoyée à la place de la structure",
        Subject.REVISION,
        (_R.BROUILLON,),
        _R.SOUMISE,
        Permission.MODERATE,
        guard=guards.complete,
        effect=effects.freeze,
    ),
    # Taking back what was sent does not make it a draft again: what was sent is frozen for good. It ends
    # as a version to correct, with its copy as the next draft, and no moderator: Revision.taken_back.
    # Until the decision, the structure may: publishing what it knows to be wrong would help nobody.
    Transition(
        "retirer",
        "Reprendre pour la modifier",
        "reprise pour être modifiée",
        Subject.REVISION,
        (_R.SOUMISE, _R.EN_INSTRUCTION),
        _R.A_CORRIGER,
        Permission.WRITE_FICHE,
        effect=effects.take_back,
    ),
    Transition(
        "prendre",
        "Prendre",
        "prise",
        Subject.REVISION,
        (_R.SOUMISE,),
        _R.EN_INSTRUCTION,
        Permission.MODERATE,
        effect=effects.take,
    ),
    Transition(
        "rendre",
        "Remettre dans la file",
        "remise dans la file",
        Subject.REVISION,
        (_R.EN_INSTRUCTION,),
        _R.SOUMISE,
        Permission.MODERATE,
        effect=effects.give_back,
    ),
    Transition(
        "valider",
        "Valider et publier",
        "validée",
        Subject.REVISION,
        (_R.EN_INSTRUCTION,),
        _R.VALIDEE,
        Permission.MODERATE,
        guard=guards.all_of(rule_hits.nothing_blocks, carriers.accepted),
        notice="fiche_validee",
        effect=effects.publish,
    ),
    Transition(
        "renvoyer",
        "Renvoyer pour correction",
        "renvoyée",
        Subject.REVISION,
        (_R.EN_INSTRUCTION,),
        _R.A_CORRIGER,
        Permission.MODERATE,
        notice="fiche_renvoyee",
        comment="Que faut-il corriger ?",
        effect=effects.open_next_draft,
    ),
    Transition(
        "refuser",
        "Refuser",
        "refusée",
        Subject.REVISION,
        (_R.EN_INSTRUCTION,),
        _R.REFUSEE,
        Permission.MODERATE,
        reasons=True,
        notice="fiche_refusee",
        effect=effects.decide,
    ),
    Transition(
        "suspendre",
        "Suspendre la publication",
        "suspendue",
        Subject.FICHE,
        (_F.PUBLIEE,),
        _F.SUSPENDUE,
        Permission.MODERATE,
        reasons=True,
        notice="fiche_suspendue",
        effect=effects.suspend,
    ),
    Transition(
        "republier",
        "Publier de nouveau",
        "publiée de nouveau",
        Subject.FICHE,
        (_F.SUSPENDUE,),
        _F.PUBLIEE,
        Permission.MODERATE,
        notice="fiche_republiee",
        effect=effects.resume,
    ),
    Transition(
        "archiver",
        "Archiver",
        "archivée",
        Subject.FICHE,
        (_F.NON_PUBLIEE, _F.PUBLIEE),
        _F.ARCHIVEE,
        Permission.WRITE_FICHE,
        guard=guards.not_in_moderation,
        effect=effects.archive,
    ),
    Transition(
        "classer",
        "Archiver à la place de la structure",
        "archivée à la place de la structure",
        Subject.FICHE,
        (_F.NON_PUBLIEE, _F.PUBLIEE),
        _F.ARCHIVEE,
        Permission.MODERATE,
        comment="Pour quelle raison ?",
        guard=guards.not_in_moderation,
        effect=effects.archive,
        notice="fiche_archivee",
    ),
    Transition(
        "rouvrir",
        "Sortir des archives",
        "sortie des archives",
        Subject.FICHE,
        (_F.ARCHIVEE,),
        _F.NON_PUBLIEE,
        Permission.MODERATE,
        effect=effects.reopen,
    ),
    Transition(
        "desarchiver",
        "Reprendre cette fiche",
        "reprise",
        Subject.FICHE,
        (_F.ARCHIVEE,),
        _F.NON_PUBLIEE,
        Permission.WRITE_FICHE,
        effect=effects.reopen,
    ),
)

TRANSITIONS: dict[str, Transition] = {transition.name: transition for transition in _TABLE}

EVENTS: dict[str, str] = {
    "creer": "Fiche créée",
    "ouvrir": "Nouvelle version commencée",
    "saisir_pour": "Saisie par un modérateur pour la structure",
    "publier": "Fiche publiée",
    "mettre_a_jour": "Places ou dates mises à jour",
    **{transition.name: f"Fiche {transition.done}" for transition in _TABLE},
}
"""What each name in the log means, for the people who read the history."""
