"""Differences between a reading and the table, found and applied by set-based SQL, never row by row in Python.

A difference stores the row before and after, as JSON. Applying replaces `before` with `after`; undoing is the same
statement with the two exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import SQLCoreOperations

from backoffice.core.extensions import Base
from backoffice.models import DifferenceKind, RegisterDifference, RegisterRow
from backoffice.models.base import Json
from backoffice.models.searched import Searched
from backoffice.reference.registers import Patience

from .declared import Format, Register

Applied = Callable[[ReadOnlyColumnCollection[str, Any]], ColumnElement[bool]]
"""SQL condition: whether a difference is applied, given the columns of its row."""
AT_ONCE = Patience(1, 1, 1, 0)
FOLDED = 1000
"""Rows folded at a time."""


def of_reading(
    session: Session, register: Register, format_: Format, import_id: int, previous_id: int
) -> list[Select[Any]]:
    """Queries giving (key, kind, before, after, seen) of every difference between the reading and the table.

    previous_id: the version whose waiting differences increment `seen`; 0 when there is none.
    """
    table, row, waiting = register.table, aliased(RegisterRow), aliased(RegisterDifference)
    read = {name: _value(session, row.content, table.c[name]) for name in register.columns}
    there = table.c[register.key[0]]
    held = and_(there.is_not(None), register.held(table))
    kind = case((held, literal(DifferenceKind.CHANGEMENT.value)), else_=literal(DifferenceKind.AJOUT.value))
    changed = [table.c[name].is_distinct_from(read[name]) for name in register.columns if name not in register.key]
    before = case((there.is_not(None), _image(session, table, register.stored)), else_=_nothing())
    said = (
        select(
            row.key.label("key"),
            kind.label("kind"),
            before.label("before"),
            row.content.label("after"),
            (func.coalesce(waiting.seen, 0) + 1).label("seen"),
        )
        .select_from(row)
        .outerjoin(table, _same(session, register, row.content))
        .outerjoin(
            waiting, and_(_waits(waiting, previous_id, row.key), waiting.kind == kind, waiting.after == row.content)
        )
        .where(row.import_id == import_id, or_(there.is_(None), not_(register.held(table)), *changed))
    )
    if format_.covers is None:
        return [said]
    gone = _gone(session, register)
    key = key_of(register, table)
    unsaid = (
        select(
            key.label("key"),
            literal(DifferenceKind.RETRAIT.value).label("kind"),
            _image(session, table, register.stored).label("before"),
            gone.label("after"),
            (func.coalesce(waiting.seen, 0) + 1).label("seen"),
        )
        .select_from(table)
        .outerjoin(waiting, and_(_waits(waiting, previous_id, key), waiting.kind == DifferenceKind.RETRAIT))
        .where(
            register.held(table),
            format_.covers(table),
            not_(exists().where(row.import_id == import_id, row.key == key)),
        )
    )
    return [said, unsaid]


def _waits(waiting: type[RegisterDifference], version_id: int, key: SQLCoreOperations[str]) -> ColumnElement[bool]:
    return and_(waiting.import_id == version_id, waiting.applied.is_(False), waiting.key == key)


def of_waiting(session: Session, register: Register, version_id: int) -> Select[Any]:
    """Query giving (key, kind, before, after, seen) of the differences waiting in that version; before: current row."""
    table, waiting = register.table, RegisterDifference
    there = table.c[register.key[0]]
    before = case((there.is_not(None), _image(session, table, register.stored)), else_=_nothing())
    return (
        select(
            waiting.key.label("key"),
            waiting.kind.label("kind"),
            before.label("before"),
            waiting.after.label("after"),
            waiting.seen.label("seen"),
        )
        .select_from(waiting)
        .outerjoin(table, key_of(register, table) == waiting.key)
        .where(waiting.import_id == version_id, waiting.applied.is_(False))
        # A removal is dropped when the row was deleted in the meantime.
        .where(or_(there.is_not(None), waiting.after.is_not(None)))
    )


def believed(patience: Patience, kind: ColumnElement[str], seen: ColumnElement[int]) -> ColumnElement[bool]:
    """SQL condition: whether a difference was seen in enough consecutive readings for its kind."""
    needed = case(
        (kind == DifferenceKind.AJOUT.value, patience.additions),
        (kind == DifferenceKind.CHANGEMENT.value, patience.changes),
        else_=patience.removals,
    )
    return seen >= needed


def keep(session: Session, import_id: int, query: Select[Any], applied: Applied) -> None:
    """Stores the differences of a version. query: from of_reading or of_waiting."""
    found = query.subquery()
    columns = ("key", "kind", "before", "after", "seen")
    names = ["import_id", *columns, "applied"]
    said = select(literal(import_id), *(found.c[name] for name in columns), applied(found.c))
    session.execute(insert(RegisterDifference).from_select(names, said))


def write(session: Session, register: Register, import_id: int, *, back: bool = False) -> None:
    """Writes the applied differences of a version to the table; back: restores the previous rows."""
    table, difference = register.table, RegisterDifference
    old, new = difference.before, difference.after
    if back:
        old, new = new, old
    mine = and_(difference.import_id == import_id, difference.applied)
    leaving = select(difference.key).where(mine, old.is_not(None), new.is_(None))
    session.execute(delete(table).where(key_of(register, table).in_(leaving)))
    same = _same(session, register, new)
    values = {name: _value(session, new, table.c[name]) for name in register.columns if name not in register.key}
    if values:
        staying = and_(mine, old.is_not(None), new.is_not(None))
        session.execute(update(table).where(same, staying).values(values).execution_options(synchronize_session=False))
    names = [column.name for column in register.stored] if back else list(register.columns)
    coming = [_value(session, new, table.c[name]) for name in names]
    if "searched" in table.c:
        names, coming = [*names, "searched"], [*coming, literal("")]
    added = select(*coming).where(mine, old.is_(None), new.is_not(None), not_(exists().where(same)))
    session.execute(insert(table).from_select(names, added))
    _fold(session, register, select(difference.key).where(mine))
    session.expire_all()


def _fold(session: Session, register: Register, keys: Select[Any]) -> None:
    """Writes `searched` of the rows with these keys. SQL cannot fold a text: this is done row by row in Python."""
    table = register.table
    model = next((one.class_ for one in Base.registry.mappers if one.local_table is table), None)
    if model is None or not issubclass(model, Searched):
        return
    same = [table.c[name] == bindparam(f"its_{name}") for name in register.key]
    order = update(table).where(*same).values(searched=bindparam("folded"))
    key, last = key_of(register, table), ""
    while True:
        found = select(table, key.label("key")).where(key.in_(keys), key > last).order_by(key).limit(FOLDED)
        rows = session.execute(found).mappings().all()
        values = [
            {"folded": folded, **{f"its_{name}": row[name] for name in register.key}}
            for row in rows
            if (folded := model.searched_of(dict(row))) != row["searched"]
        ]
        if values:
            session.connection().execute(order, values)
        if len(rows) < FOLDED:
            return
        last = rows[-1]["key"]


def key_of(register: Register, table: FromClause) -> ColumnElement[str]:
    """SQL expression of the key of a row, equal to Register.key_of of its content."""
    parts: list[ColumnElement[str]] = [
        cast(table.c[name], String) if isinstance(table.c[name].type, Date) else table.c[name] for name in register.key
    ]
    made = parts[0]
    for part in parts[1:]:
        made = made + " " + part
    return made


def _same(session: Session, register: Register, document: Any) -> ColumnElement[bool]:
    """SQL condition: the JSON document and the row of the table have the same key."""
    parts: list[ColumnElement[bool]] = []
    for name in register.key:
        column = register.table.c[name]
        parts.append(column == _value(session, document, column))
        if isinstance(column.type, String):
            # No key is empty: stating it lets the database use a partial index on non-empty keys.
            parts.append(column != literal_column("''"))
    return and_(*parts)


def _value(session: Session, document: Any, column: Column[Any]) -> ColumnElement[Any]:
    """One value of a JSON document, in the type of the column."""
    item = document[column.name]
    flag: ColumnElement[bool] = item.as_boolean()
    number: ColumnElement[int] = item.as_integer()
    text: ColumnElement[str] = item.as_string()
    if isinstance(column.type, Boolean):
        return flag
    if isinstance(column.type, Integer):
        return number
    if isinstance(column.type, Date):
        return cast(text, Date) if _server(session) else type_coerce(text, Date)
    return text


def _image(session: Session, table: FromClause, columns: Sequence[Any], **instead: Any) -> ColumnElement[Any]:
    """The row as a JSON document. instead: values that replace its own."""
    pairs: list[Any] = []
    for column in columns:
        pairs += [literal_column(f"'{column.name}'"), instead.get(column.name, column)]
    build = func.jsonb_build_object if _server(session) else func.json_object
    return type_coerce(build(*pairs), Json)


def _gone(session: Session, register: Register) -> ColumnElement[Any]:
    if register.gone is None:
        return _nothing()
    return _image(session, register.table, [register.table.c[name] for name in register.columns], **register.gone)


def _nothing() -> ColumnElement[Any]:
    return cast(null(), Json)


def _server(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
