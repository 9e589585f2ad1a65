"""The one table of transitions. Buttons, permissions, the engine, the tests all read it.

To add a transition, add a row; to change who may do it, change its permission here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from backoffice.core.permissions import Permission
from backoffice.models import FicheState, RevisionState
from workflows.moderation import rule_hits
from workflows.structures import carriers

from . import effects, guards

if TYPE_CHECKING:
    from workflows.case import Case


class Subject(Enum):
    """Whose state a transition changes."""

    REVISION = "revision"
    FICHE = "fiche"


@dataclass(frozen=True)
class Transition:
    """One allowed step.

    label: the words of the button; done: the past participle, as in «déjà validée par …»
    notice: what the people of the structure are told, see `notices`; "" when it only concerns moderators
    reasons: whether a reason must be chosen in the list of the territoire; a comment may be added to it
    motif: the code of the one reason that it always gives
    comment: the question asked when a comment is required, else ""; excused: when it is not, after all
    guard: raises guards.Refused when the step must not be taken; effect: sets the facts that go
    with the new state. Both run inside the transaction, with the fiche locked.
    apart: it needs more than a comment, so it has a page or a button of its own.
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
    motif: str = ""
    excused: Callable[[Case], bool] | None = None
    guard: Callable[[Case], None] | None = None
    effect: Callable[[Case], None] | None = None
    apart: bool = False

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
        guard=guards.sendable,
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
        guard=guards.sendable,
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
    # Whoever had it has a closed or erased account, or left the territoire: workflows.accounts.deactivation.
    Transition(
        "liberer",
        "Remettre dans la file, la personne n’étant plus là",
        "remise dans la file : la personne qui l’avait prise n’est plus là",
        Subject.REVISION,
        (_R.EN_INSTRUCTION,),
        _R.SOUMISE,
        Permission.AUTOMATIC,
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
        excused=guards.has_remarks,
        effect=effects.open_next_draft,
    ),
    # A moderator's own corrections. What the structure sent is frozen for good and ends as «à corriger»,
    # as when it is returned; the one who corrects is told by the origin of the next version, a copy. That
    # copy is a draft of the moderator's, closed to the structure, until «relire» puts it back where the
    # structure's version was: in the same hands, with the same age. Then it is decided as any other.
    Transition(
        "corriger",
        "Corriger moi-même",
        "reprise par un modérateur pour une petite correction",
        Subject.REVISION,
        (_R.EN_INSTRUCTION,),
        _R.A_CORRIGER,
        Permission.MODERATE,
        effect=effects.open_correction,
    ),
    Transition(
        "relire",
        "Terminer la correction",
        "corrigée par un modérateur",
        Subject.REVISION,
        (_R.BROUILLON,),
        _R.EN_INSTRUCTION,
        Permission.MODERATE,
        guard=guards.corrected,
        effect=effects.end_correction,
        apart=True,
    ),
    # Two fiches that say the same: the version that waits is set aside, the fiche leads to the other.
    # workflows.moderation.duplicates takes both steps.
    Transition(
        "ecarter",
        "Écarter comme doublon",
        "écartée parce qu’une autre fiche dit la même chose",
        Subject.REVISION,
        (_R.SOUMISE, _R.EN_INSTRUCTION),
        _R.REFUSEE,
        Permission.MODERATE,
        comment="Quelle fiche est gardée ?",
        motif="doublon",
        effect=effects.decide,
        apart=True,
    ),
    Transition(
        "fusionner",
        "Fusionner avec une autre fiche",
        "fusionnée avec une autre fiche",
        Subject.FICHE,
        (_F.NON_PUBLIEE, _F.PUBLIEE, _F.SUSPENDUE),
        _F.ARCHIVEE,
        Permission.MODERATE,
        notice="fiche_fusionnee",
        comment="Quelle fiche est gardée ?",
        guard=guards.not_in_moderation,
        effect=effects.archive,
        apart=True,
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
        "terminer",
        "Archiver, la dernière session étant terminée",
        "archivée, sa dernière session étant terminée",
        Subject.FICHE,
        (_F.PUBLIEE,),
        _F.ARCHIVEE,
        Permission.AUTOMATIC,
        guard=guards.over,
        effect=effects.archive,
        notice="fiche_terminee_archivee",
    ),
    Transition(
        "oublier",
        "Archiver, le brouillon n’ayant jamais été envoyé",
        "archivée, n’ayant jamais été envoyée",
        Subject.FICHE,
        (_F.NON_PUBLIEE,),
        _F.ARCHIVEE,
        Permission.AUTOMATIC,
        guard=guards.never_sent,
        effect=effects.archive,
    ),
    Transition(
        "rouvrir",
        "Sortir des archives",
        "sortie des archives",
        Subject.FICHE,
        (_F.ARCHIVEE,),
        _F.NON_PUBLIEE,
        Permission.MODERATE,
        guard=guards.not_merged,
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
        guard=guards.not_merged,
        effect=effects.reopen,
    ),
)

TRANSITIONS: dict[str, Transition] = {transition.name: transition for transition in _TABLE}

EVENTS: dict[str, str] = {
    "creer": "Fiche créée",
    "ouvrir": "Nouvelle version commencée",
    "reconduire": "Fiche reconduite pour l’année suivante",
    "dupliquer": "Fiche faite à partir d’une autre",
    "saisir_pour": "Saisie par un modérateur pour la structure",
    "publier": "Fiche publiée",
    "mettre_a_jour": "Places ou dates mises à jour",
    "relancer_porteuse": "Structure porteuse relancée par un modérateur",
    "confirmer_porteuse": "Accord de la structure porteuse noté par un modérateur",
    "changer_territoire": "Confiée au territoire de son lieu",
    "distinguer": "Déclarée différente d’une fiche qui lui ressemble",
    "contester": "Correction du modérateur contestée par la structure",
    "repondre_contestation": "Réponse du modérateur à la contestation",
    **{transition.name: f"Fiche {transition.done}" for transition in _TABLE},
}
"""What each name in the log means, for the people who read the history."""
