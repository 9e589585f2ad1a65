"""The funders' board: figures by programme and by département, and the projects page by page.

The number of queries does not depend on the number of projects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from backoffice.core.permissions import Role
from backoffice.models import (
    Convention,
    ConventionFiche,
    Fiche,
    FicheState,
    Obligation,
    ObligationEvent,
    ObligationKind,
    ObligationState,
    Organisme,
    Reminder,
    Revision,
    User,
)
from backoffice.models.transition_names import ObligationTransition
from backoffice.queries.fiches.scope import followed
from backoffice.queries.paging import Key, Page, Place, in_order, keyset_page
from backoffice.reference.programmes import programmes

from .board_filters import Filters, has
from .scope import funded, late

PAGE = 50


@dataclass
class Tally:
    """Obligations of one kind. states: how many in each state; late: how many are past their due date."""

    states: dict[ObligationState, int] = field(default_factory=dict)
    late: int = 0

    def add(self, state: ObligationState, number: int, late_: int) -> None:
        self.states[state] = self.states.get(state, 0) + number
        self.late += late_

    @property
    def due(self) -> int:
        return sum(number for state, number in self.states.items() if state is not ObligationState.SANS_OBJET)

    @property
    def met(self) -> int:
        return self.states.get(ObligationState.VERIFIEE, 0)


@dataclass
class Line:
    """Figures of one programme, one département or all projects. amount: in cents."""

    name: str
    projects: int = 0
    amount: int = 0
    kinds: dict[ObligationKind, Tally] = field(default_factory=lambda: {kind: Tally() for kind in ObligationKind})

    @property
    def late(self) -> int:
        return sum(tally.late for tally in self.kinds.values())


@dataclass(frozen=True)
class Figures:
    total: Line
    programmes: Sequence[Line]
    departements: Sequence[Line]


def figures(session: Session, user: User, filters: Filters) -> Figures:
    """Figures for the chosen year, programme and département, in two queries. The other filters are ignored."""
    where = filters.conditions(user, whole=True)
    place = (Convention.departement, Convention.programme)
    total = Line("Tous les projets")
    by: tuple[dict[str, Line], dict[str, Line]] = ({}, {})

    def lines(departement: str, programme: str) -> Iterator[Line]:
        yield total
        for found, name in zip(by, (programme, departement), strict=True):
            yield found.setdefault(name, Line(name))

    sums = select(*place, func.count(), func.sum(Convention.montant)).where(*where).group_by(*place)
    for departement, programme, number, amount in session.execute(sums):
        for line in lines(departement, programme):
            line.projects += number
            line.amount += int(amount or 0)
    past = func.sum(case((late(), 1), else_=0))
    counted = (*place, Obligation.kind, Obligation.state)
    states = select(*counted, func.count(), past).join(Obligation.convention).where(*where).group_by(*counted)
    for departement, programme, kind, state, number, late_ in session.execute(states):
        for line in lines(departement, programme):
            line.kinds[kind].add(state, number, int(late_))
    order = list(programmes())
    return Figures(
        total,
        sorted(by[0].values(), key=lambda line: order.index(line.name) if line.name in order else len(order)),
        sorted(by[1].values(), key=lambda line: line.name),
    )


@dataclass(frozen=True)
class Row:
    """One project. reminded_at: time of its structure's last reminder; None if never reminded."""

    convention: Convention
    reminded_at: datetime | None

    @property
    def late(self) -> bool:
        return any(row.late for row in self.convention.obligations)


def _chosen(user: User, filters: Filters) -> Select[Convention]:
    query = select(Convention).outerjoin(Convention.organisme)
    return query.where(*filters.conditions(user))


def page(session: Session, user: User, filters: Filters, place: Place) -> tuple[Sequence[Row], Page[Convention]]:
    """The rows of one page, and the keyset page itself."""
    keys = (*SORTED[filters.tri](), Key(Convention.id))
    found = keyset_page(session, _chosen(user, filters), keys, place, PAGE, options=_READ, counted=True)
    return _rows(session, found.rows), found


def every(
    session: Session, user: User, filters: Filters, most: int | None = None, *, funded_only: bool = False
) -> Sequence[Row]:
    """All the selected projects, `most` at most. funded_only: only those that the person follows as a funder.

    Reminders use funded_only, because structures answer to their funder alone.
    """
    keys = (*SORTED[filters.tri](), Key(Convention.id))
    query = _chosen(user, filters).where(*([funded(user)] if funded_only else []))
    return _rows(session, session.scalars(query.options(*_READ).order_by(*in_order(keys)).limit(most)).all())


_READ = (joinedload(Convention.organisme), selectinload(Convention.obligations).joinedload(Obligation.changed_by))


def _rows(session: Session, found: Sequence[Convention]) -> Sequence[Row]:
    reminded = last_reminders(session, [convention.id for convention in found])
    return [Row(convention, reminded.get(convention.id)) for convention in found]


def _latest_first() -> list[Key]:
    first = (
        select(func.min(Obligation.due_on))
        .where(Obligation.convention_id == Convention.id, late())
        .correlate(Convention)
        .scalar_subquery()
    )
    return [Key(func.coalesce(first, date.max)), _name()]


def _name() -> Key:
    return Key(func.lower(func.coalesce(Organisme.nom, Convention.nom)))


SORTED: Mapping[str, Callable[[], list[Key]]] = {
    "retard": _latest_first,
    "nom": lambda: [_name()],
    "reference": lambda: [Key(Convention.reference)],
    "montant": lambda: [Key(func.coalesce(Convention.montant, -1), down=True)],
}


def last_reminders(session: Session, convention_ids: Sequence[int]) -> dict[int, datetime]:
    """{convention id: time of its structure's last reminder}; conventions never reminded are absent."""
    query = (
        select(Obligation.convention_id, func.max(ObligationEvent.at).label("at"))
        .join(ObligationEvent, ObligationEvent.obligation_id == Obligation.id)
        .where(
            Obligation.convention_id.in_(convention_ids), ObligationEvent.transition == ObligationTransition.RELANCER
        )
        .group_by(Obligation.convention_id)
    )
    return {row.convention_id: row.at for row in session.execute(query)}


def latest_reminders(session: Session, user: User, most: int = 20) -> Sequence[Reminder]:
    """The latest reminders sent for the projects that the person funds, latest first."""
    query = (
        select(Reminder)
        .join(Reminder.convention)
        .where(funded(user))
        .options(
            contains_eager(Reminder.convention).joinedload(Convention.organisme),
            joinedload(Reminder.asked_by),
        )
        .order_by(Reminder.id.desc())
        .limit(most)
    )
    return session.scalars(query).all()


def unfunded(session: Session, user: User, filters: Filters, most: int = 500) -> Sequence[Fiche]:
    """Published fiches within the person's scope that are attached to no convention of the chosen year."""
    tied = (
        select(ConventionFiche.fiche_id)
        .join(Convention, Convention.id == ConventionFiche.convention_id)
        .where(Convention.annee == filters.annee)
    )
    query = (
        select(Fiche)
        .join(Revision, Revision.id == Fiche.published_revision_id)
        .where(Fiche.state == FicheState.PUBLIEE, Fiche.id.not_in(tied), _in_scope(user))
        .options(joinedload(Fiche.published_revision), joinedload(Fiche.organisme))
        .order_by(Revision.departement, Fiche.numero)
        .limit(most)
    )
    if filters.departement:
        query = query.where(Revision.departement == filters.departement)
    if filters.programme in programmes():
        query = query.where(Fiche.dispositif.in_(programmes()[filters.programme].dispositifs))
    return session.scalars(query).all()


def _in_scope(user: User) -> ColumnElement[bool]:
    """Condition on Fiche and its published Revision: within the person's scope as a moderator or as a funder."""
    return or_(Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)), followed(user))


def late_projects(session: Session, user: User, filters: Filters) -> dict[str, tuple[int, int]]:
    """{département: (late projects, all projects)}. A project is late when one of its obligations is."""
    behind = func.sum(case((has(late()), 1), else_=0))
    query = (
        select(Convention.departement, behind, func.count())
        .where(*filters.conditions(user, whole=True))
        .group_by(Convention.departement)
    )
    return {code: (int(number), of) for code, number, of in session.execute(query)}
