"""The engine: how one step of a table of transitions is checked, taken, logged and told.

Fiches (`engine`, table in `definition`) and obligations (`obligations`, table in `obligation_table`) are its two
uses. A step runs in the caller's transaction on a subject already locked; it flushes and never commits.
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
    """Who does what to one locked subject. comment: without spaces around it."""

    actor: User
    comment: str


C = TypeVar("C", bound=Act)
S = TypeVar("S", bound=StrEnum)
Owner = TypeVar("Owner")
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Event(Generic[C]):
    """What the log keeps without a change of state. words: in the history; notice, told_if: as in Transition."""

    name: str
    words: str
    notice: str = ""
    told_if: Callable[[C], bool] | None = None


@dataclass(frozen=True)
class Transition(Generic[C, S]):
    """One allowed step.

    label: the words of the button; done: the past participle, in the history
    kinds: what may take it: versions or fiches, kinds of obligations
    target: None when the step is only noted and the state stays
    permissions: any of them will do
    notice: told once when the step is taken, see `notices`; "" for none. instead: (condition, the notice
    told in its place when the condition holds)
    comment: the question asked when a comment is required, else ""; excused: when it is not, after all
    reasons: whether a reason must be chosen in the list of the territoire; a comment may be added to it
    motif: the code of the one reason that it always gives
    proof: keys that must be given, by kind. dated: it sets the day by which the subject is due
    guard: raises Refused when the step must not be taken; effect: sets the facts that go with the new state.
    Both run inside the transaction, with the subject locked.
    apart: it needs more than a comment, so it has a page or a button of its own.
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
        """Whether the person must say why before it is taken."""
        return bool(self.comment) or self.reasons


class Table(Generic[C, S]):
    """The transitions and the events of one log, by name; words: what each name means, for who reads the history."""

    def __init__(self, transitions: Iterable[Transition[C, S]], events: Iterable[Event[C]], before_done: str = ""):
        self.transitions = {row.name: row for row in transitions}
        self.events = {row.name: row for row in events}
        self.words = {name: row.words for name, row in self.events.items()}
        self.words |= {name: f"{before_done}{row.done}" for name, row in self.transitions.items()}


class Machine(ABC, Generic[C, S, Owner]):
    """Takes the steps of a table, with what its subjects have of their own. Owner: what permissions are about."""

    refusal: str
    """Said to who may not take the step."""

    def __init__(self, table: Table[C, S]):
        self.table = table

    def take(self, name: str, case: C) -> None:
        """Takes one step. Raises Refused, with nothing changed, when it cannot be taken."""
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
        """Tells the notice of an event that was just logged as row `key`, if it has one."""
        event = self.table.events[name]
        if event.notice and (event.told_if is None or event.told_if(case)):
            self.tell(event.notice, f"{name} {key}", case)

    def available(self, case: C) -> list[Transition[C, S]]:
        """What this person may do now: the buttons of a page. Guards are asked only when applied."""
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
        """Whether the person holds the permission for this very owner."""
        if permission is Permission.AUTOMATIC:
            return is_robot(actor)
        return actor.active and actor.can(permission) and self.reaches(actor, permission, owner)

    @abstractmethod
    def owner(self, case: C) -> Owner: ...

    @abstractmethod
    def reaches(self, actor: User, permission: Permission, owner: Owner) -> bool:
        """Whether the scope of the person's permission includes this owner."""

    def concerns(self, transition: Transition[C, S], case: C) -> bool:
        """Whether the step is for this kind of subject."""
        return True

    @abstractmethod
    def state(self, transition: Transition[C, S], case: C) -> S: ...

    @abstractmethod
    def too_late(self, transition: Transition[C, S], case: C) -> str:
        """Why the step cannot be taken from the present state, for the person."""

    def question(self, transition: Transition[C, S]) -> str:
        return "Écrivez au moins une phrase."

    @abstractmethod
    def settle(self, transition: Transition[C, S], case: C) -> None:
        """Takes in what the step asks for beside a comment. Raises Refused when it is missing."""

    @abstractmethod
    def write(self, transition: Transition[C, S], case: C, source: S) -> int:
        """Sets the state and adds the row to the log. Returns the id of that row."""

    @abstractmethod
    def tell(self, notice: str, key: str, case: C) -> None: ...


def read_locked(
    session: Session, model: type[Row], where: ColumnElement[bool], *parts: InstrumentedAttribute[Any], missing: str
) -> Row:
    """Reads a row and its parts anew, holding the row until the transaction ends; else Refused(missing)."""
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
