"""The folded text of a row, for searches: one column, written by the model itself, with an index on each base."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection, Index, Text, event, inspect
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, Mapper, declared_attr, mapped_column

from backoffice.core.text import search_words


class Searched:
    """Mixin of a model that is searched: `searched` is search_words of the columns named by SEARCHED.

    It is computed for every insert, and for every update of an object. A statement that updates such a column without
    an object writes `searched` too, with `searched_of`.
    """

    SEARCHED: ClassVar[tuple[str, ...]]

    @declared_attr
    def searched(cls) -> Mapped[str]:  # noqa: N805 - declared_attr calls it with the class
        def made(context: DefaultExecutionContext) -> str:
            row: Mapping[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
            return cls.searched_of(row)

        return mapped_column(Text, default=made, server_default="", deferred=True)

    @classmethod
    def searched_of(cls, row: Mapping[str, Any]) -> str:
        """The value of `searched` for these values of columns."""
        return search_words(*cls.search_values(row))

    @classmethod
    def search_values(cls, row: Mapping[str, Any]) -> Iterable[str]:
        return (str(row.get(name) or "") for name in cls.SEARCHED)


@event.listens_for(Searched, "before_update", propagate=True)
def _follow(_mapper: Mapper[Any], _connection: Connection, row: Searched) -> None:
    state = inspect(row)
    if any(state.attrs[name].history.has_changes() for name in row.SEARCHED):
        row.searched = row.searched_of({name: getattr(row, name) for name in row.SEARCHED})


def searched_index(table: str, key: str = "") -> tuple[Index, ...]:
    """The index of `searched`: trigrams on PostgreSQL; on SQLite the column itself, read instead of the table.

    key: the primary key when it is not an integer, which an index of SQLite holds by itself.
    """
    trigrams: dict[str, Any] = {"postgresql_using": "gin", "postgresql_ops": {"searched": "gin_trgm_ops"}}
    if not key:
        return (Index(f"ix_{table}_searched", "searched", **trigrams),)
    return (
        Index(f"ix_{table}_searched", "searched", **trigrams).ddl_if(dialect="postgresql"),
        Index(f"ix_{table}_searched_{key}", "searched", key).ddl_if(dialect="sqlite"),
    )
