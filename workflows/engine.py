"""Workflow engine: checks, applies and logs one transition of a table, and sends its notice.

Used for fiches (`workflows.fiches.engine`, table in `workflows.fiches.transitions`) and for obligations
(`workflows.conventions.obligations`, table in `workflows.conventions.obligation_transitions`). A transition runs in
the caller's transaction, on a subject already locked. It flushes and never commits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from backoffice.core.permissions import Permission
from backoffice.models import User
from backoffice.models.base import Model

from .case import Refused
from .robot import is_robot


class Act(Protocol):
    """Actor and inputs of a transition on one locked subject. comment: stripped."""

    actor: User
    comment: str


C = TypeVar("C", bound=Act)
S = TypeVar("S", bound=StrEnum)
Owner = TypeVar("Owner")
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Event(Generic[C]):
    """A log entry without a change of state. words: its label in the history; notice: as in Transition; told_if: the
    notice is sent only when it holds."""

    name: str
    words: str
    notice: str = ""
    told_if: Callable[[C], bool] | None = None


@dataclass(frozen=True)
class Transition(Generic[C, S]):
    """One allowed transition.

    label: text of the button; done: past participle, shown in the history
    kinds: kinds of subject it applies to: revision or fiche, kinds of obligations
    target: None when it is only logged and the state stays
    permissions: the actor needs one of them
    notice: name of the notice sent when it is taken; "" for none. instead: (condition, the notice sent in its
    place when the condition holds)
    comment: the question shown when a comment is required, else ""; excused: waives the comment when it holds
    reasons: whether a reason must be chosen in the list of the territoire; a comment may be added
    motif: code of the fixed reason it always carries
    proof: required keys of the proof, by kind. dated: it sets the due date of the subject
    guard: raises Refused when the transition is not allowed; effect: sets the facts that go with the new state.
    Both run inside the transaction, with the subject locked.
    apart: it needs more input than a comment, so it has its own page or button.
    """

    name: str
    label: str
    done: str
    kinds: tuple[Enum, ...]
    sources: tuple[S, ...]
    target: S | None
    permissions: tuple[Permission, ...]
    notice: str = ""
    instead: tuple[Callable[[C], bool], str] | None = None
    comment: str = ""
    excused: Callable[[C], bool] | None = None
    reasons: bool = False
    motif: str = ""
    proof: Mapping[Enum, tuple[str, ...]] | None = None
    dated: bool = False
    guard: Callable[[C], None] | None = None
    effect: Callable[[C], None] | None = None
    apart: bool = False

    @property
    def explained(self) -> bool:
        """Whether a comment or a reason is required."""
        return bool(self.comment) or self.reasons


class Table(Generic[C, S]):
    """The transitions and events of one log, by name. words: {name: label in the history}."""

    def __init__(self, transitions: Iterable[Transition[C, S]], events: Iterable[Event[C]], before_done: str = ""):
        self.transitions = {row.name: row for row in transitions}
        self.events = {row.name: row for row in events}
        self.words = {name: row.words for name, row in self.events.items()}
        self.words |= {name: f"{before_done}{row.done}" for name, row in self.transitions.items()}


class Machine(ABC, Generic[C, S, Owner]):
    """Applies the transitions of a table. Subclasses describe the subject. Owner: the object permissions apply to."""

    refusal: str
    """Message of Refused when the actor lacks the permission."""

    def __init__(self, table: Table[C, S]):
        self.table = table

    def take(self, name: str, case: C) -> None:
        """Applies one transition. Raises Refused, with nothing changed, when it is not allowed."""
        transition = self.table.transitions[name]
        if not (self.concerns(transition, case) and self.allows(case.actor, transition, self.owner(case))):
            raise Refused(self.refusal)
        source = self.state(transition, case)
        if source not in transition.sources:
            raise Refused(self.too_late(transition, case))
        if transition.comment and not case.comment and not (transition.excused and transition.excused(case)):
            raise Refused(f"{transition.comment} {self.question(transition)}")
        self.settle(transition, case)
        if transition.guard:
            transition.guard(case)
        if transition.effect:
            transition.effect(case)
        key = self.write(transition, case, source)
        notice = transition.notice
        if transition.instead and transition.instead[0](case):
            notice = transition.instead[1]
        if notice:
            self.tell(notice, f"{name} {key}", case)

    def tell_event(self, name: str, case: C, key: int) -> None:
        """Sends the notice, if any, of an event just logged as row `key`."""
        event = self.table.events[name]
        if event.notice and (event.told_if is None or event.told_if(case)):
            self.tell(event.notice, f"{name} {key}", case)

    def available(self, case: C) -> list[Transition[C, S]]:
        """Transitions the actor may take now: the buttons of a page. Guards are not run; `take` runs them."""
        return [
            row
            for row in self.table.transitions.values()
            if self.concerns(row, case)
            and self.state(row, case) in row.sources
            and self.allows(case.actor, row, self.owner(case))
        ]

    def allows(self, actor: User, transition: Transition[C, S], owner: Owner) -> bool:
        return any(self.holds(actor, permission, owner) for permission in transition.permissions)

    def holds(self, actor: User, permission: Permission, owner: Owner) -> bool:
        """Whether the actor holds the permission for this owner."""
        if permission is Permission.AUTOMATIC:
            return is_robot(actor)
        return actor.active and actor.can(permission) and self.reaches(actor, permission, owner)

    @abstractmethod
    def owner(self, case: C) -> Owner: ...

    @abstractmethod
    def reaches(self, actor: User, permission: Permission, owner: Owner) -> bool:
        """Whether the scope of the actor's permission includes this owner."""

    def concerns(self, transition: Transition[C, S], case: C) -> bool:
        """Whether the transition applies to this kind of subject."""
        return True

    @abstractmethod
    def state(self, transition: Transition[C, S], case: C) -> S: ...

    @abstractmethod
    def too_late(self, transition: Transition[C, S], case: C) -> str:
        """Message of Refused when the present state is not a source of the transition."""

    def question(self, transition: Transition[C, S]) -> str:
        return "Écrivez au moins une phrase."

    @abstractmethod
    def settle(self, transition: Transition[C, S], case: C) -> None:
        """Reads the inputs required beside a comment. Raises Refused when one is missing."""

    @abstractmethod
    def write(self, transition: Transition[C, S], case: C, source: S) -> int:
        """Sets the state and adds a row to the log. Returns the id of that row."""

    @abstractmethod
    def tell(self, notice: str, key: str, case: C) -> None: ...


def read_locked(
    session: Session, model: type[Row], where: ColumnElement[bool], *parts: InstrumentedAttribute[Any], missing: str
) -> Row:
    """Reloads a row and its `parts` under a row lock (FOR UPDATE). Raises Refused(missing) when there is none."""
    try:
        return session.scalars(
            select(model)
            .where(where)
            .options(*(selectinload(part) for part in parts))
            .with_for_update(of=model)
            .execution_options(populate_existing=True)
        ).one()
    except NoResultFound as error:
        raise Refused(missing) from error
