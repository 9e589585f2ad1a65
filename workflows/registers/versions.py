"""Versions of a register: which differences are applied, undoing a version, the table as it was on a past day.

A difference is applied once enough consecutive applied readings contain it: see `Patience`, set for each register.
Until then it waits in its version; the next version either counts it once more or drops it. The first reading of a
register without rows is applied entirely.
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
"""Jobs enqueued with the id of a version when it is applied, and again when it is undone (`undone_at` is then set):
``package.module.function``. Each reads the applied differences of the version."""

LOCK = 7_350_200
"""First key of the PostgreSQL advisory locks, one for each table that registers fill."""
EXAMPLES = 10


def patience_of(session: Session, register: Register) -> Patience:
    """The setting of an administrator, else the default."""
    own = session.get(RegisterSetting, register.name)
    return Patience(own.additions, own.changes, own.removals, own.least) if own else patience(register.name)


def lock(session: Session, register: Register) -> None:
    """Advisory lock on the table of this register until the transaction ends. SQLite needs none: one writer."""
    if session.get_bind().dialect.name == "postgresql":
        rank = [one.name for one in REGISTERS.values()].index(register.sharing[0].name)
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK + rank})


def locked(session: Session, import_id: int) -> RegisterImport:
    """The import, reloaded, with a row lock until the end of the transaction."""
    return session.scalars(
        select(RegisterImport)
        .where(RegisterImport.id == import_id)
        .with_for_update(of=RegisterImport)
        .execution_options(populate_existing=True)
    ).one()


def last_version(session: Session, registers: Sequence[Register]) -> RegisterImport | None:
    """The version of these registers applied last and not undone."""
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
    """Number of rows of the table that come from the register; with a format, of those that its files cover."""
    covered = format_.covers(register.table) if format_ and format_.covers else true()
    query = select(func.count()).select_from(register.table).where(register.held(register.table), covered)
    return session.scalar(query) or 0


def _terms(session: Session, register: Register, row: RegisterImport) -> tuple[int, Patience]:
    """(id of the version whose waiting differences count, 0 for none; number of readings needed)."""
    previous = last_version(session, [register])
    whole = row.at_once or rows_held(session, register) == 0
    return previous.id if previous else 0, differences.AT_ONCE if whole else patience_of(session, register)


def describe(session: Session, register: Register, format_: Format, row: RegisterImport) -> dict[str, Any]:
    """Effect of applying this reading: {kinds: {kind: {applied, waiting}}, examples: [...]}. Writes nothing."""
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
    """Makes a version of the reading: confirmed differences are applied, the others wait. One transaction."""
    lock(session, register)
    previous, needed = _terms(session, register, row)
    for query in differences.of_reading(session, register, format_, row.id, previous):
        differences.keep(session, row.id, query, lambda found: differences.believed(needed, found.kind, found.seen))
    _conclude(session, register, row, row.created_by)


def apply_waiting(session: Session, register: Register, actor: User | None, keys: Sequence[str] | None) -> int:
    """Applies waiting differences by decision of an administrator. keys: None for all. Returns how many were applied.

    Creates a version without a file; the other differences keep waiting with the same `seen`.
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
    """Restores the rows that the version changed; the previous version's differences wait again.

    Raises Refused unless it is the last applied version of its table.
    """
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
    """Saves the setting of a register. values: {field of Patience: value}. Each change is logged."""
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
    """(column, value before, value after) of each column that differs; a missing row counts as empty values."""
    old, new = before or {}, after or {}
    return [
        (name, _words(old.get(name)), _words(new.get(name)))
        for name in (after or old)
        if name != "search_name" and _words(old.get(name)) != _words(new.get(name))
    ]


def _words(value: Any) -> str:
    """A value as text. SQLite stores 1 and 0 where PostgreSQL stores true and false."""
    return "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)


def _end_of(day: date) -> datetime:
    """The instant, in UTC, when this day ends in Paris."""
    if day >= date.max:
        return datetime.max.replace(tzinfo=UTC)
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


def as_of(session: Session, register: Register, moment: datetime) -> Iterator[dict[str, Any]]:
    """The rows of the table at this instant, unordered: {column: value}, days as ISO 8601 texts or as dates.

    A row that no later version changed is the current one; another is the `before` of the first later version. Rows
    older than the first version, or written by other code, are given in their current state.
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
    same = select(*register.stored).where(differences.key_of(register, table).not_in(select(since.c.key)))
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
    """Writes the table as it was at the end of a day, as CSV with semicolons."""
    columns = [column.name for column in register.stored]
    writer = csv.DictWriter(output, columns, delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(as_of(session, register, _end_of(day)))
