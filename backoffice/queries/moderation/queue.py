"""The moderators' queue. The number of queries and the cost of a page do not depend on its length.

Each tab is read through an index that begins with territoire and state and ends with the timestamp and the id.
Pages are keyset pages: a decision taken meanwhile shifts no row. Counts stop at MOST, because an exact number
above it is of no use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, TypeVarTuple
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, func, literal, select, true, tuple_, union_all
from sqlalchemy.orm import Session, contains_eager, defer, joinedload, lazyload

from backoffice.core.permissions import Role
from backoffice.models import Fiche, Revision, RevisionState, User
from backoffice.models.base import Instant

from .queue_filters import FILTERS, Options, conditions, options_of, understood

PAGE = 50
MOST = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = TypeVarTuple("Row")
"""Columns of a query."""

SENT, DECIDED = "submitted_at", "decided_at"


def _anyone(_user: User) -> list[ColumnElement[bool]]:
    return []


@dataclass(frozen=True)
class Tab:
    """One tab. order_by: timestamp column; extra_filter(user): conditions added to `states`.

    superseded: values of Revision.superseded that are shown; () when `states` already decide.
    priority_first: rows escalated by a rule come first.
    """

    key: str
    label: str
    empty: str
    states: tuple[RevisionState, ...]
    order_by: str = SENT
    newest_first: bool = False
    superseded: tuple[bool, ...] = ()
    priority_first: bool = False
    extra_filter: Callable[[User], list[ColumnElement[bool]]] = _anyone

    @property
    def column(self) -> Any:
        return Revision.decided_at if self.order_by == DECIDED else Revision.submitted_at


_TABS = (
    Tab("a_prendre", "À prendre", "Aucune fiche n’attend.", (RevisionState.SOUMISE,), priority_first=True),
    Tab(
        "miennes",
        "Les miennes",
        "Vous n’avez pris aucune fiche.",
        (RevisionState.EN_INSTRUCTION,),
        extra_filter=lambda user: [Revision.moderator_id == user.id],
    ),
    Tab(
        "collegues",
        "Chez mes collègues",
        "Vos collègues n’ont pris aucune fiche.",
        (RevisionState.EN_INSTRUCTION,),
        extra_filter=lambda user: [Revision.moderator_id != user.id],
    ),
    Tab(
        "correction",
        "En attente de correction",
        "Aucune fiche n’est chez sa structure.",
        (RevisionState.A_CORRIGER,),
        order_by=DECIDED,
        superseded=(False,),
    ),
    Tab(
        "signalees",
        "Signalées",
        "Aucune règle n’a réagi à une fiche qui attend.",
        (RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION),
        extra_filter=lambda _user: [Revision.flagged == true()],
    ),
    Tab(
        "traitees",
        "Traitées",
        "Aucune fiche n’a encore été validée ou refusée.",
        (RevisionState.VALIDEE, RevisionState.REFUSEE),
        order_by=DECIDED,
        newest_first=True,
        superseded=(False, True),
    ),
)
TABS = {tab.key: tab for tab in _TABS}
FIRST = _TABS[0]


@dataclass(frozen=True)
class Cursor:
    """Position of a row in the queue, as written in the address of the next or previous page."""

    at: datetime
    id: int
    priority: int = 0
    backwards: bool = False

    @classmethod
    def read(cls, text: str, *, backwards: bool) -> Cursor | None:
        """Parses an address; None when malformed, which gives the first page."""
        found = re.fullmatch(r"([0-9]{1,16})\.([0-9]{1,9})\.([01])", text)
        if found is None:
            return None
        at, id_, priority = map(int, found.groups())
        return cls(EPOCH + timedelta(microseconds=at), id_, priority, backwards)

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}.{self.id}.{self.priority}"


@dataclass(frozen=True)
class Wanted:
    """The queue requested by a person. values: {filter: value}."""

    tab: Tab = FIRST
    values: Mapping[str, str] = field(default_factory=dict)
    cursor: Cursor | None = None

    def query(self, **more: str) -> str:
        """Query string without the cursor. more: further parameters."""
        return urlencode({"onglet": self.tab.key, **self.values, **more})

    def in_tab(self, tab: Tab) -> str:
        """Query string of the same filters in another tab."""
        return replace(self, tab=tab).query()

    @property
    def address(self) -> str:
        """Query string with the cursor."""
        if self.cursor is None:
            return self.query()
        return self.query(**{"avant" if self.cursor.backwards else "apres": str(self.cursor)})


def wanted(asked: Mapping[str, Any], options: Options) -> Wanted:
    tab = TABS.get(str(asked.get("onglet", "")), FIRST)
    forward = Cursor.read(str(asked.get("apres", "")), backwards=False)
    return Wanted(tab, understood(asked, options), forward or Cursor.read(str(asked.get("avant", "")), backwards=True))


@dataclass(frozen=True)
class QueuePage:
    """counts: {tab: rows that match the filters, MOST at most}; before, after: cursors or ""."""

    wanted: Wanted
    rows: Sequence[Revision]
    counts: Mapping[str, int]
    before: str
    after: str
    options: Options

    @property
    def found(self) -> int:
        return self.counts[self.wanted.tab.key]

    @property
    def elsewhere(self) -> list[Tab]:
        """The other tabs with rows that match the filters; [] without filters."""
        other = [tab for tab in _TABS if tab.key != self.wanted.tab.key and self.counts[tab.key]]
        return other if self.wanted.values else []


def queue(session: Session, user: User, asked: Mapping[str, Any]) -> QueuePage:
    options = options_of(session, user)
    want = wanted(asked, options)
    ids, more = _ids(session, user, want, PAGE)
    if want.cursor and want.cursor.backwards and len(ids) < PAGE:  # less than a page remains: show the first page
        want = replace(want, cursor=None)
        ids, more = _ids(session, user, want, PAGE)
    rows = _load(session, ids)
    keys = [str(_place(want.tab, row)) for row in rows]
    back = bool(want.cursor and want.cursor.backwards)
    counts = _counts(session, user, want)
    before = keys[0] if keys and (more if back else want.cursor) else ""
    after = keys[-1] if keys and (back or more) else ""
    return QueuePage(want, rows, counts, before, after, options)


def _place(tab: Tab, row: Revision) -> Cursor:
    return Cursor(getattr(row, tab.order_by), row.id, row.priority if tab.priority_first else 0)


def revision_ids(session: Session, user: User, want: Wanted, limit: int) -> list[int]:
    """Ids of the first rows requested, in order, from the start of the list."""
    return _ids(session, user, replace(want, cursor=None), limit)[0]


def _ids(session: Session, user: User, want: Wanted, limit: int) -> tuple[list[int], bool]:
    """Ids in the order of the list, and whether more rows follow in the direction read."""
    tab, cursor = want.tab, want.cursor
    back = bool(cursor and cursor.backwards)
    down = tab.newest_first != back
    shelves = [
        _shelf(want, user, territoire, state, superseded, priority, down).limit(limit + 1).subquery()
        for territoire, state, superseded, priority in product(
            sorted(user.territoire_ids(Role.MODERATEUR)),
            tab.states,
            tab.superseded or (None,),
            _priorities(tab, cursor),
        )
    ]
    if not shelves:
        return [], False
    all_ = union_all(*(select(shelf.c.id, shelf.c.moment, shelf.c.priority) for shelf in shelves)).subquery()
    order = (all_.c.moment.desc(), all_.c.id.desc()) if down else (all_.c.moment, all_.c.id)
    first = all_.c.priority if back else all_.c.priority.desc()
    ids = list(session.scalars(select(all_.c.id).order_by(first, *order).limit(limit + 1)))
    more = len(ids) > limit
    ids = ids[:limit]
    return (ids[::-1] if back else ids), more


def _priorities(tab: Tab, cursor: Cursor | None) -> tuple[int, ...]:
    """The priorities of the rows after the cursor, or before it when reading backwards."""
    if not tab.priority_first:
        return (0,)
    if cursor is None:
        return (1, 0)
    return (1, 0) if cursor.backwards != bool(cursor.priority) else (cursor.priority,)


def _shelf(
    want: Wanted,
    user: User,
    territoire: int,
    state: RevisionState,
    superseded: bool | None,
    priority: int,
    down: bool,
) -> Select[*tuple[Any, ...]]:
    """The rows of one territoire in one state, in the order of an index."""
    tab, moment, cursor = want.tab, want.tab.column, want.cursor
    query = _narrowed(
        select(Revision.id, moment.label("moment"), literal(priority).label("priority")), want, user
    ).where(Revision.territoire_id == territoire, Revision.state == state)
    if superseded is not None:
        query = query.where(Revision.superseded == superseded)
    if tab.priority_first:
        query = query.where(Revision.priority == priority)
    if cursor is not None and priority == cursor.priority:
        place, here = tuple_(moment, Revision.id), tuple_(literal(cursor.at, Instant), literal(cursor.id))
        query = query.where(place < here if down else place > here)
    return query.order_by(moment.desc(), Revision.id.desc()) if down else query.order_by(moment, Revision.id)


def _narrowed(query: Select[*Row], want: Wanted, user: User) -> Select[*Row]:
    found = conditions(want.values)
    if found:
        query = query.join(Revision.fiche).join(Fiche.organisme)
    return query.where(*want.tab.extra_filter(user), *found)


def _counts(session: Session, user: User, want: Wanted) -> dict[str, int]:
    """{tab: number of rows that match the filters}, in one query."""
    numbers = session.execute(select(*(_count(user, replace(want, tab=tab)) for tab in _TABS))).one()
    return dict(zip(TABS, numbers, strict=True))


def _count(user: User, want: Wanted) -> ColumnElement[int]:
    tab = want.tab
    query = _narrowed(select(literal(1)).select_from(Revision), want, user).where(
        Revision.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)), Revision.state.in_(tab.states)
    )
    if tab.superseded:
        query = query.where(Revision.superseded.in_(tab.superseded))
    return select(func.count()).select_from(query.limit(MOST).subquery()).scalar_subquery()


def _load(session: Session, ids: Sequence[int]) -> list[Revision]:
    rows = session.scalars(
        select(Revision)
        .where(Revision.id.in_(ids))
        .join(Revision.fiche)
        .join(Fiche.organisme)
        .options(
            defer(Revision.document),
            defer(Revision.pending),
            contains_eager(Revision.fiche).contains_eager(Fiche.organisme),
            contains_eager(Revision.fiche).joinedload(Fiche.territoire),
            joinedload(Revision.moderator).options(lazyload(User.memberships), lazyload(User.assignments)),
        )
    )
    found = {row.id: row for row in rows}
    return [found[id_] for id_ in ids if id_ in found]


def next_to_take(session: Session, user: User, want: Wanted) -> Revision | None:
    """The first waiting revision that matches the filters, row-locked until the end of the transaction; None if none.

    Rows locked by another moderator are skipped (SKIP LOCKED), so each one gets a different fiche. On SQLite the
    transaction already holds the single write lock.
    """
    query = _narrowed(select(Revision), Wanted(FIRST, want.values), user)
    if not conditions(want.values):
        query = query.join(Revision.fiche)
    query = (
        query.where(
            Revision.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)),
            Revision.state == RevisionState.SOUMISE,
        )
        .order_by(Revision.submitted_at, Revision.id)
        .limit(1)
        .with_for_update(of=(Fiche, Revision), skip_locked=True)
    )
    for priority in (1, 0):
        if (found := session.scalars(query.where(Revision.priority == priority)).first()) is not None:
            return found
    return None


def moderated_revision(session: Session, user: User, revision_id: int) -> Revision | None:
    """A submitted revision of a fiche of the moderator's territoires; None otherwise."""
    return session.scalars(
        select(Revision)
        .join(Revision.fiche)
        .join(Fiche.organisme)
        .where(
            Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)),
            Revision.id == revision_id,
            Revision.state != RevisionState.BROUILLON,
        )
    ).first()


__all__ = ["FILTERS", "TABS", "Cursor", "QueuePage", "Wanted", "moderated_revision", "next_to_take", "queue"]
