"""The engine of obligations: the only writer of their rows and of their history.

`apply` locks and reloads the convention, then takes one transition of the table (`obligation_transitions`) through
`OBLIGATIONS`. It writes the event, then derives the row from it with `after`, the only function from an event to a
state; `replay` applies it to a whole history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from backoffice.core.clock import now
from backoffice.core.dates import day_and_time
from backoffice.core.permissions import Permission
from backoffice.models import Convention, Obligation, ObligationEvent, ObligationKind, ObligationState, User
from backoffice.models.conventions.obligation import Proof
from backoffice.models.transition_names import ObligationTransition
from backoffice.reference.programmes import obligations as rules
from workflows.case import Refused
from workflows.engine import Machine, read_locked
from workflows.notices.audiences import Addressee, Fact
from workflows.notices.outbox import tell

from .obligation_transitions import TABLE, TRANSITIONS, ObligationCase, TransitionRow

_S = ObligationState

LASTING = ("envoye",)
"""Keys of the proof kept when the obligation is requested again."""


@dataclass(frozen=True)
class Standing:
    """State of an obligation at one moment, as derived from its history."""

    state: ObligationState
    due_on: date | None = None
    proof: Proof | None = None
    comment: str = ""
    changed_at: datetime | None = None
    changed_by_id: int | None = None


def after(standing: Standing | None, event: ObligationEvent) -> Standing:
    """The standing after one event. An event that keeps the state may only add a due date or a proof."""
    due_on = event.due_on or (standing.due_on if standing else None)
    before = (standing.proof if standing else None) or {}
    moves = event.transition == ObligationTransition.OUVRIR or TRANSITIONS[event.transition].target is not None
    if not moves:
        assert standing is not None
        adds = TRANSITIONS[event.transition].proof is not None
        proof = {**before, **(event.proof or {})} if adds else standing.proof
        return Standing(standing.state, due_on, proof, standing.comment, standing.changed_at, standing.changed_by_id)
    kept = {key: value for key, value in before.items() if key in LASTING} if event.target is _S.A_FOURNIR else before
    explained = event.target in (_S.NON_CONFORME, _S.SANS_OBJET)
    return Standing(
        event.target,
        due_on,
        {**kept, **(event.proof or {})} or None,
        event.comment if explained else "",
        event.at,
        event.actor_id,
    )


def replay(events: Iterable[ObligationEvent]) -> Standing:
    """The standing after a whole history, given in order."""
    standing = None
    for event in events:
        standing = after(standing, event)
    assert standing is not None, "chaque obligation commence par un événement"
    return standing


def standing_of(row: Obligation) -> Standing:
    """The standing stored in the row, to compare with `replay`."""
    return Standing(row.state, row.due_on, row.proof, row.comment, row.changed_at, row.changed_by_id)


def open_all(session: Session, convention: Convention, actor: User) -> None:
    """Creates the three obligations of a new convention, each with its first event."""
    for kind in ObligationKind:
        row = Obligation(
            kind=kind, convention_id=convention.id, state=_S.A_FOURNIR, changed_at=now(), changed_by_id=actor.id
        )
        convention.obligations.append(row)
        session.flush()
        due_on = rules()[kind].due_in(convention.annee)
        _write(
            session,
            row,
            None,
            ObligationEvent(transition=ObligationTransition.OUVRIR, target=_S.A_FOURNIR, due_on=due_on),
            actor,
        )


class _Obligations(Machine[ObligationCase, ObligationState, Convention]):
    refusal = "Vous n’avez pas le droit de faire cela sur cette obligation."

    def owner(self, case: ObligationCase) -> Convention:
        return case.row.convention

    def reaches(self, actor: User, permission: Permission, owner: Convention) -> bool:
        if permission is Permission.FUND:
            return actor.funds(owner.territoire_id, owner.programme, owner.departement)
        return owner.organisme_id is not None and owner.organisme_id in actor.organisme_ids

    def concerns(self, transition: TransitionRow, case: ObligationCase) -> bool:
        return case.row.kind in transition.kinds

    def state(self, transition: TransitionRow, case: ObligationCase) -> ObligationState:
        return case.row.state

    def too_late(self, transition: TransitionRow, case: ObligationCase) -> str:
        row = case.row
        return (
            f"Cette obligation est dans l’état « {row.state.label} » depuis {day_and_time(row.changed_at)} "
            f"({row.changed_by.name}). Votre action n’a pas été enregistrée et rien n’a été changé."
        )

    def settle(self, transition: TransitionRow, case: ObligationCase) -> None:
        if transition.dated and case.due_on is None:
            raise Refused("Donnez la nouvelle échéance.")
        told = {**(case.row.proof or {}), **(case.proof or {})}
        if transition.proof and not (case.proof and all(told.get(key) for key in transition.proof[case.row.kind])):
            raise Refused("La preuve est incomplète : dites où elle se trouve et de quand elle date.")

    def write(self, transition: TransitionRow, case: ObligationCase, source: ObligationState) -> int:
        event = ObligationEvent(
            transition=transition.name,
            target=transition.target or source,
            comment=case.comment,
            proof=case.proof or None,
            due_on=case.due_on if transition.dated else None,
        )
        _write(case.session, case.row, standing_of(case.row), event, case.actor)
        return event.id

    def tell(self, notice: str, key: str, case: ObligationCase) -> None:
        territoire = case.row.convention.territoire
        tell(case.session, notice, key=key, actor=case.actor, territoire=territoire, to=case.to, facts=case.facts)


OBLIGATIONS = _Obligations(TABLE)


def apply(
    session: Session,
    name: str,
    *,
    obligation_id: int,
    actor: User,
    comment: str = "",
    proof: Proof | None = None,
    due_on: date | None = None,
    to: Sequence[Addressee] = (),
    facts: Mapping[str, Fact] | None = None,
) -> Obligation:
    """Applies one transition. Raises Refused, with nothing changed, when it is not allowed.

    to, facts: for the notice of the transition, when its audience is `named`.
    """
    row = _locked(session, obligation_id)
    case = ObligationCase(session, row, actor, comment.strip(), proof, due_on, to, facts or {})
    OBLIGATIONS.take(name, case)
    return row


def available(actor: User, row: Obligation) -> list[TransitionRow]:
    """Transitions the actor may take now: the buttons of a page."""
    session = object_session(row)
    assert session is not None
    return OBLIGATIONS.available(ObligationCase(session, row, actor))


def authorised(actor: User, transition: TransitionRow, convention: Convention) -> bool:
    """Whether the actor holds one of the permissions of the transition on this convention."""
    return OBLIGATIONS.allows(actor, transition, convention)


def lock(session: Session, convention_id: int) -> Convention:
    """Reloads a convention, its obligations and its ties to fiches, under a row lock. Raises Refused if unknown."""
    return read_locked(
        session,
        Convention,
        Convention.id == convention_id,
        Convention.obligations,
        Convention.ties,
        missing="Cette convention n’existe pas.",
    )


def _locked(session: Session, obligation_id: int) -> Obligation:
    convention_id = session.scalar(select(Obligation.convention_id).where(Obligation.id == obligation_id))
    if convention_id is None:
        raise Refused("Cette obligation n’existe pas.")
    convention = lock(session, convention_id)
    return next(row for row in convention.obligations if row.id == obligation_id)


def _write(session: Session, row: Obligation, standing: Standing | None, event: ObligationEvent, actor: User) -> None:
    event.obligation_id, event.actor_id, event.at = row.id, actor.id, now()
    event.source = standing.state if standing else None
    session.add(event)
    then = after(standing, event)
    assert then.changed_at is not None
    assert then.changed_by_id is not None
    row.state, row.due_on, row.proof, row.comment = then.state, then.due_on, then.proof, then.comment
    row.changed_at, row.changed_by_id = then.changed_at, then.changed_by_id
    session.flush()
