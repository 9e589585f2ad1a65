"""What of a reading is believed, applied, undone; the table of a past day.

A difference is believed once so many readings in a row have said it, each one applied: the setting of its register.
What is not yet believed waits in the version that said it; the next version says it again, one more time, or lets
it drop. The first reading of a register that has no row is believed whole.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text, true
from sqlalchemy.orm import Session, aliased

from backoffice.core.clock import now
from backoffice.models import RegisterDifference, RegisterImport, RegisterPhase, RegisterSetting, User
from backoffice.models.importing import JobStatus
from backoffice.reference.registers import Patience, patience
from workflows.case import Refused
from workflows.change_log import record
from workflows.work.jobs import enqueue

from . import differences
from .declared import REGISTERS, Format, Register

LISTENERS: tuple[str, ...] = ("workflows.fiches.register_alerts.after_import", "workflows.registers.calendar.follow")
"""Jobs asked for with the number of a version once it is applied, and again once it is undone (`undone_at` then says
so): ``package.module.function``. Each looks at the version's differences that are applied."""

LOCK = 7_350_200
"""Of the advisory locks on PostgreSQL, one for each table that registers fill."""
EXAMPLES = 10


def patience_of(session: Session, register: Register) -> Patience:
    """What an administrator set, else what is shipped."""
    own = session.get(RegisterSetting, register.name)
    return Patience(own.additions, own.changes, own.removals, own.least) if own else patience(register.name)


def lock(session: Session, register: Register) -> None:
    """Until the end of the transaction, nobody else writes the table of this register. SQLite has one writer."""
    if session.get_bind().dialect.name == "postgresql":
        rank = [one.name for one in REGISTERS.values()].index(register.sharing[0].name)
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK + rank})


def locked(session: Session, import_id: int) -> RegisterImport:
    """As it is now in the base, until the end of the transaction."""
    return session.scalars(
        select(RegisterImport)
        .where(RegisterImport.id == import_id)
        .with_for_update(of=RegisterImport)
        .execution_options(populate_existing=True)
    ).one()


def last_version(session: Session, registers: Sequence[Register]) -> RegisterImport | None:
    """The last one that stands, of any of these registers."""
    return session.scalars(
        select(RegisterImport)
        .where(
            RegisterImport.register.in_([register.name for register in registers]),
            RegisterImport.applied_at.is_not(None),
            RegisterImport.undone_at.is_(None),
        )
        .order_by(RegisterImport.applied_at.desc(), RegisterImport.id.desc())
        .limit(1)
    ).first()


def rows_held(session: Session, register: Register, format_: Format | None = None) -> int:
    """How many rows of the table are the register's; of those that such a file would name, when it is given."""
    covered = format_.covers(register.table) if format_ and format_.covers else true()
    query = select(func.count()).select_from(register.table).where(register.held(register.table), covered)
    return session.scalar(query) or 0


def _terms(session: Session, register: Register, row: RegisterImport) -> tuple[int, Patience]:
    """The version whose waiting differences are counted, 0 for none; and how many readings are needed."""
    previous = last_version(session, [register])
    whole = row.at_once or rows_held(session, register) == 0
    return previous.id if previous else 0, differences.AT_ONCE if whole else patience_of(session, register)


def describe(session: Session, register: Register, format_: Format, row: RegisterImport) -> dict[str, Any]:
    """What applying this reading would do now: {kinds: {kind: {applied, waiting}}, examples: [...]}; writes nothing."""
    previous, needed = _terms(session, register, row)
    kinds: dict[str, dict[str, int]] = {}
    examples: list[dict[str, Any]] = []
    for query in differences.of_reading(session, register, format_, row.id, previous):
        found = query.subquery()
        applied = differences.believed(needed, found.c.kind, found.c.seen)
        counted = select(found.c.kind, applied.label("applied"), func.count()).group_by(found.c.kind, applied)
        before = set(kinds)
        for kind, yes, number in session.execute(counted):
            kinds.setdefault(str(kind), {"applied": 0, "waiting": 0})["applied" if yes else "waiting"] += number
        for kind in sorted(kinds.keys() - before):
            some = select(found, applied.label("applied")).where(found.c.kind == kind).limit(EXAMPLES)
            examples += [dict(one) for one in session.execute(some).mappings()]
    return {"kinds": kinds, "examples": examples}


def apply(session: Session, register: Register, format_: Format, row: RegisterImport) -> None:
    """The reading becomes a version: what is believed is written, what is not waits. One transaction."""
    lock(session, register)
    previous, needed = _terms(session, register, row)
    for query in differences.of_reading(session, register, format_, row.id, previous):
        differences.keep(session, row.id, query, lambda found: differences.believed(needed, found.kind, found.seen))
    _conclude(session, register, row, row.created_by)


def apply_waiting(session: Session, register: Register, actor: User | None, keys: Sequence[str] | None) -> int:
    """An administrator believes what waits, all of it or these keys. Returns how many differences were applied.

    It makes a version without a file; what is left waits on, seen as many times as before.
    """
    lock(session, register)
    previous = last_version(session, [register])
    if previous is None:
        return 0
    found = aliased(RegisterDifference)
    waits = [found.import_id == previous.id, found.applied.is_(False)]
    chosen = waits if keys is None else [*waits, found.key.in_(keys)]
    number = session.scalar(select(func.count()).select_from(found).where(*chosen)) or 0
    if not number:
        return 0
    row = RegisterImport(
        register=register.name,
        created_by=actor,
        phase=RegisterPhase.APPLICATION,
        status=JobStatus.FINI,
        report={},
    )
    session.add(row)
    session.flush()
    query = differences.of_waiting(session, register, previous.id)
    differences.keep(session, row.id, query, lambda found: true() if keys is None else found.key.in_(keys))
    _conclude(session, register, row, actor)
    return number


def undo(session: Session, version_id: int, actor: User | None) -> None:
    """Puts back what the version changed, and what waited before it waits again. Refused unless it is the last one."""
    register = REGISTERS[session.get_one(RegisterImport, version_id).register]
    lock(session, register)
    row = locked(session, version_id)
    last = last_version(session, register.sharing)
    if last is None or last.id != row.id:
        raise Refused(
            "Seule la dernière version appliquée de cette table peut être défaite : "
            "défaites d’abord celles qui l’ont suivie."
        )
    differences.write(session, register, row.id, back=True)
    row = session.get_one(RegisterImport, version_id)
    row.undone_at, row.undone_by_id = now(), actor.id if actor else None
    session.flush()
    _tell(session, row, actor, "appliquée", "défaite")


def _conclude(session: Session, register: Register, row: RegisterImport, actor: User | None) -> None:
    differences.write(session, register, row.id)
    counted = select(RegisterDifference.kind, RegisterDifference.applied, func.count())
    kinds: dict[str, dict[str, int]] = {}
    of_version = counted.where(RegisterDifference.import_id == row.id)
    for kind, yes, number in session.execute(of_version.group_by(RegisterDifference.kind, RegisterDifference.applied)):
        kinds.setdefault(str(kind), {"applied": 0, "waiting": 0})["applied" if yes else "waiting"] += number
    row.report = {**row.report, "kinds": kinds}
    row.applied_at = row.moved_at = now()
    row.status = JobStatus.FINI
    session.flush()
    _tell(session, row, actor, "", "appliquée")


def _tell(session: Session, row: RegisterImport, actor: User | None, before: str, after: str) -> None:
    record(session, actor, row, f"version de {REGISTERS[row.register].label}"[:60], before, after)
    for listener in LISTENERS:
        enqueue(session, listener, row.id)


def set_patience(session: Session, register: Register, values: Mapping[str, int], actor: User | None) -> None:
    """What an administrator sets; each value that changes is kept in the log of changes."""
    before, own = patience_of(session, register), session.get(RegisterSetting, register.name)
    if own is None:
        own = RegisterSetting(register=register.name, **asdict(before))
        session.add(own)
    for name, value in values.items():
        setattr(own, name, value)
    session.flush()
    for name, value in values.items():
        record(session, actor, own, name, str(getattr(before, name)), str(value))


def told(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    """(column, value before, value after) of what changes between two rows; all of the only one, where there is one."""
    old, new = before or {}, after or {}
    return [
        (name, _words(old.get(name)), _words(new.get(name)))
        for name in (after or old)
        if name != "search_name" and _words(old.get(name)) != _words(new.get(name))
    ]


def _words(value: Any) -> str:
    """SQLite writes 1 and 0 where PostgreSQL writes true and false."""
    return "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)


def _end_of(day: date) -> datetime:
    """The end of a day in Paris."""
    if day >= date.max:
        return datetime.max.replace(tzinfo=UTC)
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


def as_of(session: Session, register: Register, moment: datetime) -> Iterator[dict[str, Any]]:
    """The rows of the table as they were then, in no order: {column: value}, days as ISO 8601 or as dates.

    What no version changed since is as it is now; the rest is what the first version after that moment found. What
    was there before the first version, or written by another hand, is told as it is now.
    """
    table, names = register.table, [one.name for one in register.sharing]
    since = (
        select(RegisterDifference.key, func.min(RegisterImport.applied_at).label("at"))
        .join(RegisterImport, RegisterImport.id == RegisterDifference.import_id)
        .where(
            RegisterImport.register.in_(names),
            RegisterImport.applied_at > moment,
            RegisterImport.undone_at.is_(None),
            RegisterDifference.applied,
        )
        .group_by(RegisterDifference.key)
        .subquery()
    )
    same = select(table).where(differences.key_of(register, table).not_in(select(since.c.key)))
    for row in session.execute(same.execution_options(yield_per=1000)).mappings():
        yield dict(row)
    earlier = (
        select(RegisterDifference.before)
        .join(RegisterImport, RegisterImport.id == RegisterDifference.import_id)
        .join(since, (since.c.key == RegisterDifference.key) & (since.c.at == RegisterImport.applied_at))
        .where(RegisterDifference.applied, RegisterDifference.before.is_not(None), RegisterImport.register.in_(names))
    )
    for before in session.scalars(earlier.execution_options(yield_per=1000)):
        if before is not None:
            yield before


def write_csv(session: Session, register: Register, day: date, output: TextIO) -> None:
    """The table as it was at the end of a day."""
    columns = [column.name for column in register.table.c]
    writer = csv.DictWriter(output, columns, delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(as_of(session, register, _end_of(day)))
