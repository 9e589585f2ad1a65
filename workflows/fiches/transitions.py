"""Transition table of fiches, and the events of their log.

Read by buttons, permissions, the engine and the tests. To add a transition: a name in
`backoffice.models.transition_names` and a row here. To change who may take it, change its permission here.
"""

from __future__ import annotations

from enum import Enum

from backoffice.core.permissions import Permission
from backoffice.models import FicheState, RevisionState
from backoffice.models.transition_names import FicheTransition
from workflows.case import Case
from workflows.engine import Event, Table, Transition
from workflows.moderation import rule_hits
from workflows.structures import carriers

from . import effects, guards


class Subject(Enum):
    """Whose state a transition changes."""

    REVISION = "revision"
    FICHE = "fiche"


TransitionRow = Transition[Case, RevisionState | FicheState]

_R, _F = RevisionState, FicheState
_VERSION, _FICHE = (Subject.REVISION,), (Subject.FICHE,)
_STRUCTURE, _MODERATOR, _ITSELF = (Permission.WRITE_FICHE,), (Permission.MODERATE,), (Permission.AUTOMATIC,)

_TRANSITIONS = (
    TransitionRow(
        FicheTransition.SOUMETTRE,
        "Envoyer pour vérification",
        "envoyée",
        _VERSION,
        (_R.BROUILLON,),
        _R.SOUMISE,
        _STRUCTURE,
        guard=guards.sendable,
        effect=effects.freeze,
        notice="fiche_envoyee",
    ),
    TransitionRow(
        FicheTransition.DEPOSER,
        "Envoyer à la place de la structure",
        "envoyée à la place de la structure",
        _VERSION,
        (_R.BROUILLON,),
        _R.SOUMISE,
        _MODERATOR,
        guard=guards.sendable,
        effect=effects.freeze,
        notice="fiche_envoyee",
    ),
    # A submitted version is frozen for good, so taking it back does not make it a draft again. It ends as
    # «à corriger», without moderator (Revision.taken_back), and its copy is the next draft. Allowed until the
    # decision: publishing what the structure knows to be wrong would help nobody.
    TransitionRow(
        FicheTransition.RETIRER,
        "Reprendre pour la modifier",
        "reprise pour être modifiée",
        _VERSION,
        (_R.SOUMISE, _R.EN_INSTRUCTION),
        _R.A_CORRIGER,
        _STRUCTURE,
        effect=effects.take_back,
    ),
    TransitionRow(
        FicheTransition.PRENDRE,
        "Prendre",
        "prise",
        _VERSION,
        (_R.SOUMISE,),
        _R.EN_INSTRUCTION,
        _MODERATOR,
        effect=effects.take,
    ),
    TransitionRow(
        FicheTransition.RENDRE,
        "Remettre dans la file",
        "remise dans la file",
        _VERSION,
        (_R.EN_INSTRUCTION,),
        _R.SOUMISE,
        _MODERATOR,
        effect=effects.give_back,
    ),
    # The moderator's account is closed or erased, or no longer serves the territoire: workflows.accounts.deactivation.
    TransitionRow(
        FicheTransition.LIBERER,
        "Remettre dans la file, la personne n’étant plus là",
        "remise dans la file : la personne qui l’avait prise n’est plus là",
        _VERSION,
        (_R.EN_INSTRUCTION,),
        _R.SOUMISE,
        _ITSELF,
        effect=effects.give_back,
    ),
    TransitionRow(
        FicheTransition.VALIDER,
        "Valider et publier",
        "validée",
        _VERSION,
        (_R.EN_INSTRUCTION,),
        _R.VALIDEE,
        _MODERATOR,
        guard=guards.all_of(guards.true, rule_hits.nothing_blocks, carriers.accepted),
        notice="fiche_validee",
        instead=(guards.by_moderator, "correction_moderateur"),
        effect=effects.publish,
    ),
    TransitionRow(
        FicheTransition.RENVOYER,
        "Renvoyer pour correction",
        "renvoyée",
        _VERSION,
        (_R.EN_INSTRUCTION,),
        _R.A_CORRIGER,
        _MODERATOR,
        notice="fiche_renvoyee",
        comment="Que faut-il corriger ?",
        excused=guards.has_remarks,
        effect=effects.open_next_draft,
    ),
    # Corrections by a moderator. The submitted version is frozen for good and ends as «à corriger», as when it
    # is returned. The next revision is a copy with origin MODERATEUR, which the structure cannot write.
    # «relire» puts the copy in review in place of the structure's version, with its submission date, submitter
    # and due date; the actor becomes its moderator. It is then decided like any other.
    TransitionRow(
        FicheTransition.CORRIGER,
        "Corriger moi-même",
        "reprise par un modérateur pour une petite correction",
        _VERSION,
        (_R.EN_INSTRUCTION,),
        _R.A_CORRIGER,
        _MODERATOR,
        effect=effects.open_correction,
    ),
    TransitionRow(
        FicheTransition.RELIRE,
        "Terminer la correction",
        "corrigée par un modérateur",
        _VERSION,
        (_R.BROUILLON,),
        _R.EN_INSTRUCTION,
        _MODERATOR,
        guard=guards.corrected,
        effect=effects.end_correction,
        apart=True,
    ),
    # Duplicate fiches: the waiting version is set aside, the fiche points to the other one.
    # workflows.moderation.duplicates takes both transitions.
    TransitionRow(
        FicheTransition.ECARTER,
        "Écarter comme doublon",
        "écartée parce qu’une autre fiche dit la même chose",
        _VERSION,
        (_R.SOUMISE, _R.EN_INSTRUCTION),
        _R.REFUSEE,
        _MODERATOR,
        comment="Quelle fiche est gardée ?",
        motif="doublon",
        effect=effects.decide,
        apart=True,
    ),
    TransitionRow(
        FicheTransition.FUSIONNER,
        "Fusionner avec une autre fiche",
        "fusionnée avec une autre fiche",
        _FICHE,
        (_F.NON_PUBLIEE, _F.PUBLIEE, _F.SUSPENDUE),
        _F.ARCHIVEE,
        _MODERATOR,
        notice="fiche_fusionnee",
        comment="Quelle fiche est gardée ?",
        guard=guards.not_in_moderation,
        effect=effects.archive,
        apart=True,
    ),
    TransitionRow(
        FicheTransition.REFUSER,
        "Refuser",
        "refusée",
        _VERSION,
        (_R.EN_INSTRUCTION,),
        _R.REFUSEE,
        _MODERATOR,
        reasons=True,
        notice="fiche_refusee",
        effect=effects.decide,
    ),
    TransitionRow(
        FicheTransition.SUSPENDRE,
        "Suspendre la publication",
        "suspendue",
        _FICHE,
        (_F.PUBLIEE,),
        _F.SUSPENDUE,
        _MODERATOR,
        reasons=True,
        notice="fiche_suspendue",
        effect=effects.suspend,
    ),
    TransitionRow(
        FicheTransition.REPUBLIER,
        "Publier de nouveau",
        "publiée de nouveau",
        _FICHE,
        (_F.SUSPENDUE,),
        _F.PUBLIEE,
        _MODERATOR,
        notice="fiche_republiee",
        effect=effects.resume,
    ),
    TransitionRow(
        FicheTransition.ARCHIVER,
        "Archiver",
        "archivée",
        _FICHE,
        (_F.NON_PUBLIEE, _F.PUBLIEE),
        _F.ARCHIVEE,
        _STRUCTURE,
        guard=guards.not_in_moderation,
        effect=effects.archive,
    ),
    TransitionRow(
        FicheTransition.CLASSER,
        "Archiver à la place de la structure",
        "archivée à la place de la structure",
        _FICHE,
        (_F.NON_PUBLIEE, _F.PUBLIEE),
        _F.ARCHIVEE,
        _MODERATOR,
        comment="Pour quelle raison ?",
        guard=guards.not_in_moderation,
        effect=effects.archive,
        notice="fiche_archivee",
    ),
    TransitionRow(
        FicheTransition.TERMINER,
        "Archiver, la dernière session étant terminée",
        "archivée, sa dernière session étant terminée",
        _FICHE,
        (_F.PUBLIEE,),
        _F.ARCHIVEE,
        _ITSELF,
        guard=guards.over,
        effect=effects.archive,
        notice="fiche_terminee_archivee",
    ),
    TransitionRow(
        FicheTransition.OUBLIER,
        "Archiver, le brouillon n’ayant jamais été envoyé",
        "archivée, n’ayant jamais été envoyée",
        _FICHE,
        (_F.NON_PUBLIEE,),
        _F.ARCHIVEE,
        _ITSELF,
        guard=guards.never_sent,
        effect=effects.archive,
    ),
    TransitionRow(
        FicheTransition.ROUVRIR,
        "Sortir des archives",
        "sortie des archives",
        _FICHE,
        (_F.ARCHIVEE,),
        _F.NON_PUBLIEE,
        _MODERATOR,
        guard=guards.not_merged,
        effect=effects.reopen,
    ),
    TransitionRow(
        FicheTransition.DESARCHIVER,
        "Reprendre cette fiche",
        "reprise",
        _FICHE,
        (_F.ARCHIVEE,),
        _F.NON_PUBLIEE,
        _STRUCTURE,
        guard=guards.not_merged,
        effect=effects.reopen,
    ),
)

_EVENTS: tuple[Event[Case], ...] = (
    Event(FicheTransition.CREER, "Fiche créée"),
    Event(FicheTransition.OUVRIR, "Nouvelle version commencée"),
    Event(FicheTransition.RECONDUIRE, "Fiche reconduite pour l’année suivante"),
    Event(FicheTransition.DUPLIQUER, "Fiche faite à partir d’une autre"),
    Event(FicheTransition.SAISIR_POUR, "Saisie par un modérateur pour la structure", notice="saisie_pour_structure"),
    Event(FicheTransition.PUBLIER, "Fiche publiée"),
    Event(FicheTransition.METTRE_A_JOUR, "Places ou dates mises à jour"),
    Event(FicheTransition.RELANCER_PORTEUSE, "Structure porteuse relancée par un modérateur"),
    Event(FicheTransition.CONFIRMER_PORTEUSE, "Accord de la structure porteuse noté par un modérateur"),
    Event(FicheTransition.CHANGER_TERRITOIRE, "Confiée au territoire de son lieu", "fiche_arrivee", guards.shown),
    Event(FicheTransition.DISTINGUER, "Déclarée différente d’une fiche qui lui ressemble"),
    Event(
        FicheTransition.CONTESTER, "Correction du modérateur contestée par la structure", notice="correction_contestee"
    ),
    Event(
        FicheTransition.REPONDRE_CONTESTATION, "Réponse du modérateur à la contestation", notice="contestation_repondue"
    ),
)

TABLE = Table(_TRANSITIONS, _EVENTS, "Fiche ")
TRANSITIONS, EVENTS = TABLE.transitions, TABLE.words
