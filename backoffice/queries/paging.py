"""Keyset pages: a page begins at a row instead of an OFFSET, so the last page costs the same as the first.

An address names that row by its id, never by the sort values: names of people stay out of server logs.
sqlakeyset puts the sort values in its bookmarks, handles neither totals nor NULL, and cannot read the existing
addresses: it would only replace `_beyond`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption


class _HasId(Protocol):
    @property
    def id(self) -> Any: ...


Row = TypeVar("Row", bound=_HasId)

LARGEST = 2**31 - 1
"""Largest value of a PostgreSQL INTEGER column."""


class Key(NamedTuple):
    """One term of an ORDER BY; down: descending. Its value must not be NULL: use coalesce, or a CASE term before it."""

    column: Any
    down: bool = False


@dataclass(frozen=True)
class Place:
    """Start of a page, read from an address.

    apres, avant: id of a row; the page holds the rows after it, or before it, in the order of ids. In a list
    sorted latest first, `avant` therefore gives the following page.
    page: page number of old addresses. It costs an OFFSET; no link uses it any more.
    """

    apres: int | None = None
    avant: int | None = None
    page: int = 1

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Place:
        """Reads the query string; anything that is not a row id is ignored."""
        apres, avant, page = (_number(args.get(name, "")) for name in ("apres", "avant", "page"))
        return cls(apres, avant if apres is None else None, page or 1)

    @property
    def query(self) -> dict[str, int]:
        """Parameters of the query string."""
        return {name: value for name, value in vars(self).items() if value is not None and (name, value) != ("page", 1)}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= LARGEST else None


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows in the order of the list, `size` at most.

    here, previous, following: query parameters of this page and of its neighbours; {} when there is none.
    total: number of rows in the list; rank: number of rows before this page. Both are 0 unless `counted`.
    """

    rows: Sequence[Row] = ()
    here: Mapping[str, int] = field(default_factory=dict)
    previous: Mapping[str, int] = field(default_factory=dict)
    following: Mapping[str, int] = field(default_factory=dict)
    size: int = 1
    total: int = 0
    rank: int = 0

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // self.size))

    @property
    def number(self) -> int:
        """Number of this page, from 1."""
        return min(self.rank // self.size + 1, self.pages)


def keyset_page(
    session: Session,
    query: Select[Row],
    keys: Sequence[Key],
    place: Place,
    size: int,
    *,
    options: Sequence[ExecutableOption] = (),
    counted: bool = False,
) -> Page[Row]:
    """The page at this place, in at most three queries besides those of the loader options.

    query: without ORDER BY; keys: its order, ending with the id of its rows. A place that the query does not
    contain gives the first page; a page number past the end gives the last one.
    """
    id_, wanted = keys[-1], place.avant if place.apres is None else place.apres
    back = False
    bound: Sequence[Any] | None = None
    if wanted is not None:
        bound = (wanted,) if len(keys) == 1 else _keys(session, query.where(id_.column == wanted), keys)
        back = bound is not None and (place.apres is None) != id_.down
    elif place.page > 1:
        bound = _keys(session, query.order_by(*in_order(keys)).offset((place.page - 1) * size - 1), keys)
        back = bound is None
    if wanted is not None and bound is None:
        place = Place()
    beyond = literal(value=True) if bound is None else _beyond(keys, bound, back)
    found = session.scalars(query.where(beyond).order_by(*in_order(keys, back)).limit(size + 1).options(*options)).all()
    if back and len(found) < size:
        return keyset_page(session, query, keys, Place(), size, options=options, counted=counted)
    rows, more = found[:size][::-1] if back else found[:size], len(found) > size
    before, after = (more, bound is not None) if back else (bound is not None, more)
    to_previous, to_following = ("apres", "avant") if id_.down else ("avant", "apres")
    total = rank = 0
    if counted:
        flags = query.with_only_columns(case((beyond, 1), else_=0).label("beyond")).subquery()
        total, left = session.execute(select(func.count(), func.coalesce(func.sum(flags.c.beyond), 0))).one()
        rank = left - len(rows) if back else total - left
    return Page(
        rows,
        place.query,
        {to_previous: rows[0].id} if rows and before else {},
        {to_following: rows[-1].id} if rows and after else {},
        size,
        total,
        rank,
    )


def in_order(keys: Sequence[Key], back: bool = False) -> list[ColumnElement[Any]]:
    """Terms for `order_by`. back: reversed."""
    return [key.column.desc() if key.down != back else key.column.asc() for key in keys]


def _keys(session: Session, query: Select[Any], keys: Sequence[Key]) -> Sequence[Any] | None:
    """Sort values of the first row of this query; None when it has no rows."""
    return session.execute(query.with_only_columns(*(key.column for key in keys)).limit(1)).one_or_none()


def _beyond(keys: Sequence[Key], bound: Sequence[Any], back: bool) -> ColumnElement[bool]:
    """Condition: after the row with these sort values, or before it (back). Its first term can use an index."""
    (column, down), value = keys[0], literal(bound[0], keys[0].column.type)
    further, from_here = (column < value, column <= value) if down != back else (column > value, column >= value)
    return further if len(keys) == 1 else and_(from_here, or_(further, _beyond(keys[1:], bound[1:], back)))
