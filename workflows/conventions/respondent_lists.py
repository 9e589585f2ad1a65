"""Lists of respondents of the PNE survey: noted together, kept as an import, undone while nothing followed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.models import (
    Convention,
    ImportJob,
    ImportKind,
    ImportLine,
    JobStatus,
    Obligation,
    ObligationEvent,
    ObligationKind,
    ObligationState,
    Outcome,
    Phase,
    User,
)
from backoffice.models.transition_names import ObligationTransition
from workflows.case import Refused

from .obligations import apply, lock
from .pne_survey import Done, note

WHY = "Liste des répondants défaite."


def note_list(session: Session, actor: User, conventions: Sequence[Convention], day: date) -> Done:
    """Notes the questionnaire as answered for each convention, and keeps what it was before. Nothing else of the list
    is kept."""
    before = {row.id: _standing(row.obligation(ObligationKind.PNE)) for row in conventions}
    done = note(session, actor, conventions, ObligationTransition.DECLARER, day)
    if not done.taken:
        return done
    job = ImportJob(
        created_by_id=actor.id,
        territoire_id=done.taken[0].territoire_id,
        kind=ImportKind.REPONDANTS,
        filename=f"Répondants de l’enquête {done.taken[0].annee}",
        stored="",
        settings={"annee": done.taken[0].annee},
        phase=Phase.IMPORT,
        status=JobStatus.FINI,
        total=len(done.taken),
        done=len(done.taken),
        moved_at=now(),
    )
    session.add(job)
    session.flush()
    for rank, row in enumerate(done.taken, 1):
        event = _last_event(session, row.obligation(ObligationKind.PNE))
        session.add(
            ImportLine(
                job_id=job.id,
                rank=rank,
                place=row.reference[:200],
                numero=row.reference[:100],
                structure=row.structure_name[:250],
                plan=Outcome.MISE_A_JOUR,
                result=Outcome.MISE_A_JOUR,
                chosen=True,
                report={},
                read={"convention_id": row.id, "before": before[row.id], "event": event},
            )
        )
    session.flush()
    return done


def undo(session: Session, job: ImportJob, line: ImportLine) -> None:
    """The questionnaire is as before the list. Raises Refused when its follow-up went on since."""
    row = lock(session, line.read["convention_id"]).obligation(ObligationKind.PNE)
    if _last_event(session, row) != line.read["event"]:
        raise Refused("Le suivi de l’enquête a continué depuis.")
    state, comment, answered = line.read["before"]
    actor, name, proof = job.created_by, ObligationTransition.REDEMANDER, None
    if state == ObligationState.NON_CONFORME:
        name = ObligationTransition.SIGNALER
    elif state == ObligationState.DECLAREE:
        name, proof = ObligationTransition.DECLARER, {"repondu": answered}
    apply(session, name, obligation_id=row.id, actor=actor, comment=comment or WHY, proof=proof)


def _standing(row: Obligation) -> tuple[str, str, str]:
    """(state, comment, day of the answer)"""
    return str(row.state), row.comment, (row.proof or {}).get("repondu", "")


def _last_event(session: Session, row: Obligation) -> int:
    mine = select(ObligationEvent.id).where(ObligationEvent.obligation_id == row.id)
    return session.scalar(mine.order_by(ObligationEvent.id.desc()).limit(1)) or 0
