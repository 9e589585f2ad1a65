"""Bulk decisions: a Lot is prepared and shown, then applied to each fiche by the workflow engine.

A lot has one line per fiche. Preparing it changes no fiche: it stores the obstacle of each line. Once confirmed, a
background job takes the lines one by one. Each line has its own transaction, which holds the transitions and the
result: a failed line does not stop the others, and an interrupted run resumes without repeating a line.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.transactions import atomic
from backoffice.models import (
    FicheState,
    JobStatus,
    Lot,
    LotAction,
    LotLine,
    LotResult,
    Revision,
    RevisionState,
    User,
)
from backoffice.models.transition_names import FicheTransition
from exports.fragment.build import Identity, NotExportable, build
from workflows.case import Case, Refused
from workflows.fiches.engine import FICHES, apply, lock
from workflows.fiches.transitions import TRANSITIONS, Subject, TransitionRow
from workflows.work.jobs import enqueue

from .reasons import chosen

RUN = "workflows.moderation.lots.run"
LARGEST = 500
"""Maximum number of fiches in one lot."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """One bulk action.

    steps: {state of the revision or of the fiche: transitions to take, in order}; the last one names the action.
    assigns: requires an assignee. undo: the action that undoes it, where the transition table has one.
    """

    action: LotAction
    label: str
    steps: Mapping[RevisionState | FicheState, tuple[str, ...]]
    assigns: bool = False
    undo: LotAction | None = None

    @property
    def last(self) -> TransitionRow:
        return TRANSITIONS[next(iter(self.steps.values()))[-1]]

    @property
    def comment(self) -> str:
        """The question of the required comment, or ""."""
        return self.last.comment


_R, _F = RevisionState, FicheState

_TABLE = (
    Choice(
        LotAction.VALIDER,
        "Valider et publier",
        {_R.SOUMISE: (FicheTransition.PRENDRE, FicheTransition.VALIDER), _R.EN_INSTRUCTION: (FicheTransition.VALIDER,)},
        undo=LotAction.SUSPENDRE,
    ),
    Choice(
        LotAction.RENVOYER,
        "Renvoyer pour correction",
        {
            _R.SOUMISE: (FicheTransition.PRENDRE, FicheTransition.RENVOYER),
            _R.EN_INSTRUCTION: (FicheTransition.RENVOYER,),
        },
    ),
    Choice(
        LotAction.ATTRIBUER,
        "Attribuer à un modérateur",
        {_R.SOUMISE: (FicheTransition.PRENDRE,), _R.EN_INSTRUCTION: (FicheTransition.RENDRE, FicheTransition.PRENDRE)},
        assigns=True,
        undo=LotAction.RENDRE,
    ),
    Choice(
        LotAction.ARCHIVER,
        "Archiver",
        dict.fromkeys((_F.PUBLIEE, _F.NON_PUBLIEE), (FicheTransition.CLASSER,)),
        undo=LotAction.ROUVRIR,
    ),
    Choice(LotAction.RENDRE, "Remettre dans la file", {_R.EN_INSTRUCTION: (FicheTransition.RENDRE,)}),
    Choice(LotAction.ROUVRIR, "Sortir des archives, en brouillon", {_F.ARCHIVEE: (FicheTransition.ROUVRIR,)}),
    Choice(LotAction.SUSPENDRE, "Suspendre la publication", {_F.PUBLIEE: (FicheTransition.SUSPENDRE,)}),
)
ACTIONS = {choice.action: choice for choice in _TABLE}
CHOICES = tuple(choice for choice in _TABLE if choice.action not in {other.undo for other in _TABLE})
"""Actions offered by the queue; the others only undo."""


# --- Prepare ------------------------------------------------------------------------------------------


def prepare(
    session: Session,
    actor: User,
    action: LotAction,
    revisions: Sequence[Revision],
    comment: str = "",
    assignee: User | None = None,
    undoes: Lot | None = None,
    reason: str = "",
) -> Lot:
    """Creates a lot that awaits confirmation. Raises Refused when the inputs are invalid."""
    choice = ACTIONS[action]
    if not revisions:
        raise Refused("Cochez au moins une fiche.")
    if len(revisions) > LARGEST:
        raise Refused(f"{LARGEST} fiches au plus à la fois : vous en avez coché {len(revisions)}.")
    if choice.comment and not comment:
        raise Refused(f"{choice.comment} Écrivez au moins une phrase : les structures la liront.")
    if choice.last.reasons:
        chosen(session, revisions[0].fiche, choice.last.name, reason)
    if choice.assigns and assignee is None:
        raise Refused("Choisissez à qui attribuer ces fiches.")
    lot = Lot(
        created_by=actor,
        action=action,
        comment=comment if choice.comment or choice.last.reasons else "",
        reason=reason,
        assignee=assignee if choice.assigns else None,
        undoes_id=undoes and undoes.id,
    )
    session.add(lot)
    session.flush()
    for rank, revision in enumerate(revisions, 1):
        why = obstacle(session, lot, revision, undoes) or _not_exportable(choice, revision)
        session.add(
            LotLine(lot_id=lot.id, rank=rank, fiche_id=revision.fiche_id, revision_id=revision.id, obstacle=why)
        )
    session.flush()
    return lot


def obstacle(session: Session, lot: Lot, revision: Revision, undoes: Lot | None) -> str:
    """Why the action cannot be applied to this fiche now, in French; "" when no obstacle is found."""
    choice, fiche, actor = ACTIONS[lot.action], revision.fiche, lot.created_by
    of_fiche = Subject.FICHE in choice.last.kinds
    state: RevisionState | FicheState = fiche.state if of_fiche else revision.state
    if not FICHES.allows(actor, choice.last, fiche):
        return "Cette fiche n’est plus de votre territoire."
    if state not in choice.steps:
        return f"Elle est dans l’état « {state.label.lower()} »."
    holder = revision.moderator
    if choice.assigns and holder is not None and holder is lot.assignee:
        return f"{holder.name} l’a déjà."
    if not choice.assigns and not of_fiche and holder is not None and holder is not _expected(lot, undoes):
        return f"{holder.name} la vérifie en ce moment."
    if lot.action is LotAction.SUSPENDRE and fiche.published_revision_id != revision.id:
        return "Une autre version a été publiée depuis."
    try:
        for name in choice.steps[state]:
            if guard := TRANSITIONS[name].guard:
                guard(Case(session, fiche, fiche.latest if of_fiche else revision, actor, lot.comment))
    except Refused as refused:
        return refused.reasons
    return ""


def _expected(lot: Lot, undoes: Lot | None) -> User | None:
    """The moderator who may hold the fiche: the assignee of the lot that is undone, else the lot's author."""
    return undoes.assignee if undoes is not None else lot.created_by


def _not_exportable(choice: Choice, revision: Revision) -> str:
    if choice.action is not LotAction.VALIDER:
        return ""
    try:
        build(revision.content, Identity.of(revision.fiche, modified=revision.created_at))
    except NotExportable as error:
        return " ".join(dict.fromkeys(finding.message for finding in error.findings))
    return ""


def undo(session: Session, lot: Lot, actor: User, comment: str = "", reason: str = "") -> Lot:
    """Prepares the lot that undoes this one, or returns the one already prepared. Raises Refused."""
    action = ACTIONS[lot.action].undo
    if action is None or lot.status is not JobStatus.FINI:
        raise Refused("Ce qui a été fait ne peut pas être défait ensemble.")
    if made := session.scalars(select(Lot).where(Lot.undoes_id == lot.id)).first():
        return made
    done = [line.revision for line in lot.lines if line.result is LotResult.FAIT]
    return prepare(session, actor, action, done, comment, undoes=lot, reason=reason)


# --- Run ----------------------------------------------------------------------------------------------


def launch(session: Session, lot: Lot) -> None:
    """Confirms a lot, or restarts one whose run was interrupted or whose job was lost."""
    if lot.status is not JobStatus.FINI:
        lot.status = JobStatus.ATTEND
        session.flush()
        enqueue(session, RUN, lot.id)


def run(lot_id: int) -> None:
    """Job: applies the remaining lines. Does nothing when the lot is not waiting."""
    with atomic() as session:
        lot = _locked(session, lot_id)
        if lot.status is not JobStatus.ATTEND:
            return
        lot.status, lot.attempt = JobStatus.EN_COURS, lot.attempt + 1
        attempt = lot.attempt
        waiting = session.scalars(
            select(LotLine.id)
            .where(LotLine.lot_id == lot_id, LotLine.result.is_(None), LotLine.obstacle == "")
            .order_by(LotLine.rank)
        ).all()
    for line_id in waiting:
        if not _do(lot_id, line_id, attempt):
            return
    with atomic() as session:
        lot = _locked(session, lot_id)
        if lot.attempt == attempt:
            lot.status = JobStatus.FINI


def _locked(session: Session, lot_id: int) -> Lot:
    return session.scalars(
        select(Lot).where(Lot.id == lot_id).with_for_update(of=Lot).execution_options(populate_existing=True)
    ).one()


def _do(lot_id: int, line_id: int, attempt: int) -> bool:
    """Applies one line and stores its result; False when another run took over the lot."""
    try:
        with atomic() as session:
            lot = _locked(session, lot_id)
            if lot.attempt != attempt:
                return False
            line = session.get_one(LotLine, line_id)
            if line.result is None:
                _apply(session, lot, line)
                line.result = LotResult.FAIT
    except Refused as refused:
        _note(line_id, LotResult.REFUS, refused.reasons)
    except Exception:
        log.exception("lot %s, ligne %s", lot_id, line_id)
        _note(line_id, LotResult.ECHEC, "Une erreur s’est produite chez nous : cette fiche n’a pas été changée.")
    return True


def _apply(session: Session, lot: Lot, line: LotLine) -> None:
    choice, actor = ACTIONS[lot.action], lot.created_by
    fiche = lock(session, line.fiche_id)
    revision = line.revision
    undoes = session.get(Lot, lot.undoes_id) if lot.undoes_id else None
    if why := obstacle(session, lot, revision, undoes):
        raise Refused(why)
    of_fiche = Subject.FICHE in choice.last.kinds
    for name in choice.steps[fiche.state if of_fiche else revision.state]:
        to = lot.assignee if name == FicheTransition.PRENDRE else None
        comment = f"Attribuée à {to.name}" if to is not None and to is not actor else ""
        apply(
            session,
            name,
            fiche_id=fiche.id,
            revision_id=fiche.latest.id if of_fiche else revision.id,
            actor=actor,
            comment=lot.comment if name == choice.last.name and lot.comment else comment,
            to=to,
            reason=lot.reason if TRANSITIONS[name].reasons else "",
        )


def _note(line_id: int, result: LotResult, message: str) -> None:
    with atomic() as session:
        line = session.get_one(LotLine, line_id)
        line.result, line.message = result, message
