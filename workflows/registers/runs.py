"""Background jobs that read the file of a register and apply it. A job that is killed can be run again.

The rows of a file are staged in RegisterRow, tagged with the import, in short transactions, so that other writers are
not blocked; the differences are then applied in one transaction. A killed run leaves staged rows or nothing: the next
one starts over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, select
from sqlalchemy.orm import Session, aliased

from backoffice.core.clock import now
from backoffice.core.extensions import read_only
from backoffice.core.text import many
from backoffice.core.transactions import atomic
from backoffice.core.uploads import path_of
from backoffice.models import RegisterImport, RegisterPhase, RegisterRow, User
from backoffice.models.importing import JobStatus
from exports.importing.reading import UnreadableFile
from workflows.case import Refused
from workflows.work.jobs import enqueue

from . import calendar, versions
from .declared import REGISTERS, Format, Register
from .reading import Entry, open_reader
from .versions import locked

RUN = "workflows.registers.runs.run"
BATCH = 2_000
"""Entries in one transaction."""
SAID = 200
"""Faults listed in a report; all are counted."""
TOO_FAULTY = 10
"""Percentage of faulty lines above which the whole file is refused."""
KEPT = timedelta(days=7)
"""How long staged rows are kept when they are not applied."""


# --- Requests ----------------------------------------------------------------------------------------


def ask_reading(session: Session, register: Register, filename: str, stored: str, actor: User | None) -> RegisterImport:
    """Enqueues the reading of a file, which leaves the table unchanged. stored: its name in backoffice.core.uploads."""
    row = RegisterImport(
        register=register.name,
        created_by=actor,
        filename=filename[:200],
        stored=stored,
        phase=RegisterPhase.LECTURE,
        status=JobStatus.ATTEND,
    )
    session.add(row)
    _ask(session, row)
    return row


def ask_applying(session: Session, import_id: int, *, at_once: bool = False) -> None:
    """Enqueues the application of a finished reading. at_once: every difference, else the confirmed ones.

    Raises Refused in any other state.
    """
    row = locked(session, import_id)
    if row.phase is not RegisterPhase.LECTURE or row.status is not JobStatus.FINI:
        raise Refused("Ce fichier ne peut pas être appliqué : sa lecture n’est pas finie, ou elle l’est déjà.")
    row.phase, row.at_once = RegisterPhase.APPLICATION, at_once
    _ask(session, row)


def can_start_again(row: RegisterImport) -> bool:
    """Whether an import whose job was killed or lost can be enqueued again: to apply, or to read a stored file."""
    return row.status is not JobStatus.FINI and (row.phase is RegisterPhase.APPLICATION or row.stored != "")


def start_again(session: Session, import_id: int) -> None:
    row = locked(session, import_id)
    if can_start_again(row):
        _ask(session, row)


def _ask(session: Session, row: RegisterImport) -> None:
    row.status, row.error, row.moved_at = JobStatus.ATTEND, "", now()
    session.flush()
    enqueue(session, RUN, row.id)


def purge() -> None:
    """The nightly job: deletes rows staged for longer than KEPT, and those already applied. The reports stay."""
    calendar.refresh()  # in case the process was killed just after applying the calendar
    with atomic() as session:
        aside = select(RegisterRow.import_id).distinct()
        old = select(RegisterImport.id).where(RegisterImport.id.in_(aside), RegisterImport.moved_at < now() - KEPT)
        ids = [*session.scalars(old), *session.scalars(select(RegisterImport.id).where(_applied(aside)))]
    for import_id in ids:
        with atomic() as session:
            session.execute(delete(RegisterRow).where(RegisterRow.import_id == import_id))
            row = locked(session, import_id)
            if row.applied_at is None:
                row.status, row.error = JobStatus.ECHEC, "Ce fichier a été lu il y a longtemps : envoyez-le de nouveau."
                row.phase, row.stored = RegisterPhase.LECTURE, ""


def _applied(aside: Select[int]) -> ColumnElement[bool]:
    return RegisterImport.id.in_(aside) & RegisterImport.applied_at.is_not(None)


# --- Running -----------------------------------------------------------------------------------------


class Overtaken(Exception):
    """Another run took over this import: the present one stops."""


def run(import_id: int) -> None:
    """Runs the requested phase of an import. Does nothing unless its status is ATTEND."""
    with atomic() as session:
        row = locked(session, import_id)
        if row.status is not JobStatus.ATTEND:
            return
        row.status, row.attempt = JobStatus.EN_COURS, row.attempt + 1
        attempt, phase, register = row.attempt, row.phase, REGISTERS[row.register]
    try:
        if phase is RegisterPhase.LECTURE:
            _read(import_id, attempt, register)
        else:
            _apply(import_id, attempt, register)
    except Overtaken:
        return
    except UnreadableFile as unreadable:
        _failed(import_id, attempt, str(unreadable), forget=True)
    except Exception as error:
        _failed(import_id, attempt, f"Une erreur s’est produite chez nous ({type(error).__name__}).")
        raise


def _mine(session: Session, import_id: int, attempt: int) -> RegisterImport:
    row = locked(session, import_id)
    if row.attempt != attempt:
        raise Overtaken
    return row


def _failed(import_id: int, attempt: int, message: str, *, forget: bool = False) -> None:
    """Records a failure. forget: also deletes the file and its staged rows."""
    with atomic() as session:
        row = locked(session, import_id)
        if row.attempt != attempt:
            return
        stored = row.stored
        row.status, row.error, row.moved_at = JobStatus.ECHEC, message, now()
        if forget:
            row.stored = ""
            session.execute(delete(RegisterRow).where(RegisterRow.import_id == import_id))
    if forget and stored:
        path_of(stored).unlink(missing_ok=True)


def _read(import_id: int, attempt: int, register: Register) -> None:
    """Stages the rows of the file, checks them, and reports what applying them would do."""
    with atomic() as session:
        row = _mine(session, import_id, attempt)
        stored = row.stored
        session.execute(delete(RegisterRow).where(RegisterRow.import_id == import_id))
    reader = open_reader(register, path_of(stored))
    with atomic() as session:
        row = _mine(session, import_id, attempt)
        row.format, row.total, row.done = reader.format.name, reader.file.lines, 0
    faults = Faults()
    for batch in _batches(reader.entries()):
        with atomic() as session:
            row = _mine(session, import_id, attempt)
            rows = [
                {"import_id": import_id, "line": entry.line, "key": entry.key, "content": entry.content}
                for entry in _known(session, register, batch)
            ]
            if rows:
                session.execute(insert(RegisterRow), rows)
            for entry in batch:
                if entry.content is None:
                    faults.add(entry.line, entry.fault)
            row.done, row.moved_at = batch[-1].line, now()
    with atomic() as session:
        row = _mine(session, import_id, attempt)
        rows_kept, lines = _once_each(session, import_id, faults), row.total
    with _only_reading() as session:
        _check(session, register, reader.format, rows_kept, faults, lines)
        row = session.get_one(RegisterImport, import_id)
        described = versions.describe(session, register, reader.format, row)
    with atomic() as session:
        row = _mine(session, import_id, attempt)
        row.report = {"rows": rows_kept, "faults": faults.number, "said": faults.said, **described}
        row.done, row.stored, row.status, row.moved_at = row.total, "", JobStatus.FINI, now()
    path_of(stored).unlink(missing_ok=True)


@contextmanager
def _only_reading() -> Iterator[Session]:
    """A read-only transaction: comparing large tables takes seconds, and on SQLite others can write meanwhile."""
    mark = read_only.set(True)
    try:
        with atomic() as session:
            yield session
    finally:
        read_only.reset(mark)


class Faults:
    def __init__(self) -> None:
        self.number = 0
        self.said: list[dict[str, Any]] = []

    def add(self, line: int, message: str) -> None:
        self.number += 1
        if len(self.said) < SAID:
            self.said.append({"line": line, "message": message})


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while batch := list(islice(entries, BATCH)):
        yield batch


def _known(session: Session, register: Register, batch: list[Entry]) -> list[Entry]:
    right = [entry for entry in batch if entry.content is not None]
    if register.known is None or not right:
        return right
    keys = register.known(session, [entry.key for entry in right])
    return [entry for entry in right if entry.key in keys]


def _once_each(session: Session, import_id: int, faults: Faults) -> int:
    """Keeps the first staged row of each key; a different duplicate is a fault. Returns the number of rows kept."""
    row, first = RegisterRow, aliased(RegisterRow)
    mine = row.import_id == import_id
    number, keys = session.execute(select(func.count(), func.count(row.key.distinct())).where(mine)).one()
    if number == keys:
        return int(number)
    firsts = select(func.min(row.id)).where(mine).group_by(row.key)
    other = (
        select(row.line, row.key, first.line)
        .join(first, (first.import_id == import_id) & (first.key == row.key) & first.id.in_(firsts))
        .where(mine, row.id != first.id, row.content != first.content)
        .order_by(row.line)
    )
    for line, key, before in session.execute(other):
        faults.add(line, f"« {key} » est déjà à la ligne {before}, et dit autre chose : la première est gardée.")
    session.execute(delete(row).where(mine, row.id.not_in(firsts)).execution_options(synchronize_session=False))
    return int(keys)


def _check(session: Session, register: Register, format_: Format, rows: int, faults: Faults, lines: int) -> None:
    """Raises UnreadableFile for a file with too many faults or too few rows, so that it cannot empty the table."""
    wrong = f" Première faute, ligne {faults.said[0]['line']} : {faults.said[0]['message']}" if faults.said else ""
    if faults.number * 100 > max(lines, 1) * TOO_FAULTY:
        read = "ne se lisent" if faults.number > 1 else "ne se lit"
        raise UnreadableFile(
            f"{many(faults.number, 'ligne')} sur {lines} {read} pas : ce n’est pas un fichier de « {register.label} » "
            f"en bon état.{wrong}"
        )
    if not rows:
        raise UnreadableFile(f"Ce fichier n’a aucune ligne pour nous.{wrong}")
    least = versions.patience_of(session, register).least
    held = versions.rows_held(session, register, format_) if format_.covers else 0
    if rows * 100 < held * least:
        raise UnreadableFile(
            f"Ce fichier n’a que {many(rows, 'ligne utile')}, et la table en a {held} : il est sans doute incomplet. "
            "Rien n’a été changé. S’il est juste, baissez d’abord, dans les réglages de ce registre, "
            "la part de lignes exigée."
        )


def _apply(import_id: int, attempt: int, register: Register) -> None:
    with atomic() as session:
        row = _mine(session, import_id, attempt)
        format_ = next(one for one in register.formats if one.name == row.format)
        versions.apply(session, register, format_, row)
    with atomic() as session:  # the differences keep what was applied
        session.execute(delete(RegisterRow).where(RegisterRow.import_id == import_id))
