"""Writes the checks of the numbers of a structure, by a moderator or by a register."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.permissions import Permission
from backoffice.models import Organisme, StructureCheck, Subject, User, Verification
from forms.structures.pages import Verdict
from workflows.case import Refused
from workflows.change_log import record

from .operations import open_page


def verify(session: Session, organisme_id: int, verdict: Verdict, actor: User) -> Organisme:
    """Records a moderator's verdict on a number and the note that says how it was checked. Raises Refused."""
    organisme = open_page(session, organisme_id, actor)
    if not actor.can(Permission.MANAGE_STRUCTURES):
        raise Refused("Vous ne pouvez pas vérifier cette structure.")
    value = verdict.subject.value_of(organisme)
    if not value:
        raise Refused(f"« {verdict.subject.label} » n’est pas donné : il n’y a rien à vérifier.")
    row = _row(session, organisme, verdict.subject, value, by_hand=True)
    _note(session, organisme, row, verdict.state, actor)
    row.state, row.note, row.actor_id, row.at = verdict.state, verdict.note, actor.id, now()
    session.add(row)
    session.flush()
    return organisme


def said_by_register(
    session: Session,
    organisme: Organisme,
    subject: Subject,
    known: StructureCheck | None,
    source: str,
    findings: Sequence[str],
) -> None:
    """Records a register's result for the current value. Writes nothing when it equals `known`, the previous result.

    findings: the contradictions, one sentence each; empty when the value is verified.
    """
    state = Verification.CONTREDITE if findings else Verification.VERIFIEE
    row = known or StructureCheck(
        organisme_id=organisme.id, subject=subject, value=subject.value_of(organisme), by_hand=False
    )
    if (row.state, row.source, row.findings) == (state, source, list(findings)):
        return
    _note(session, organisme, row, state, None)
    row.state, row.source, row.findings, row.at = state, source, list(findings), now()
    session.add(row)


def forget(session: Session, organisme: Organisme, known: StructureCheck) -> None:
    """Deletes a result that the register no longer gives, and logs it."""
    before = f"{known.value} : {known.state.label.lower()}"
    record(session, None, organisme, f"verification_{known.subject}", before, "", organisme.territoire_id)
    session.delete(known)


def _row(session: Session, organisme: Organisme, subject: Subject, value: str, *, by_hand: bool) -> StructureCheck:
    """The check of this value; if there is none, a new row that is not in the session yet."""
    known = session.scalars(
        select(StructureCheck).where(
            StructureCheck.organisme_id == organisme.id,
            StructureCheck.subject == subject,
            StructureCheck.value == value,
            StructureCheck.by_hand == by_hand,
        )
    ).one_or_none()
    return known or StructureCheck(organisme_id=organisme.id, subject=subject, value=value, by_hand=by_hand)


def _note(session: Session, organisme: Organisme, row: StructureCheck, state: Verification, actor: User | None) -> None:
    before = f"{row.value} : {row.state.label.lower()}" if row.state else ""
    after = f"{row.value} : {state.label.lower()}"
    record(session, actor, organisme, f"verification_{row.subject}", before, after, organisme.territoire_id)
