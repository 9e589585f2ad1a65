"""Imports a file in two phases: read it and report line by line, then import the chosen lines.

The file is stored with its ``ImportJob``. Both phases are runs of the same background function, `run`, which owns its
transactions: one for each BATCH of lines read, one for each line imported. A line that fails does not block the
others; a run that was killed can be started again and continues.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from backoffice.core import uploads
from backoffice.core.clock import now
from backoffice.core.transactions import atomic
from backoffice.core.uploads import path_of
from backoffice.models import (
    ImportJob,
    ImportKind,
    ImportLine,
    JobStatus,
    Organisme,
    Outcome,
    Phase,
    User,
)
from backoffice.models.values.cells import text_of
from exports.importing.columns import exact
from exports.importing.entries import entries as flow_entries
from exports.importing.files import Table
from exports.importing.reading import UnreadableFile
from exports.importing.tables import read_rows
from workflows.case import Refused
from workflows.conventions import grant_lines, grant_undo, respondent_lists
from workflows.structures.operations import living
from workflows.work.jobs import enqueue

from . import fiche_undo, mappings, mending, stored
from . import lines as import_lines

RUN = "workflows.importing.jobs.run"
MOST = 5_000
"""Maximum number of entries in one job. A regional flow is imported in parts, from the command line."""
BATCH = 20
LEFT_BEHIND = ("mapping", "mended", "submit", "undoing")
"""Settings that do not go with another sheet."""

log = logging.getLogger(__name__)


# --- Requests ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SentFile:
    """An uploaded file. filename: as uploaded; stored: its stored name."""

    kind: ImportKind
    filename: str
    stored: str


def start(
    session: Session,
    actor: User,
    file: SentFile,
    settings: dict[str, Any],
    *,
    organisme: Organisme | None = None,
    territoire_id: int,
) -> ImportJob:
    """Creates the job of a stored file. Enqueues its reading, unless its columns must be mapped first."""
    found = None if file.kind is ImportKind.LHEO else stored.table(file.stored, file.kind)
    named = file.kind, file.filename, file.stored
    job = create_job(session, actor, *named, settings, organisme=organisme, territoire_id=territoire_id)
    _begin(session, job, found)
    return job


def choose_sheet(session: Session, job: ImportJob, found: Table) -> ImportJob:
    """Reads another sheet of the workbook, `found`; returns the job that does: this one, or a new one on a copy of the
    file when lines were imported. Raises UploadRefused."""
    if job.phase is Phase.IMPORT:
        settings = {name: value for name, value in job.settings.items() if name not in LEFT_BEHIND}
        named = job.kind, job.filename, uploads.copy(job.stored, job.created_by_id)
        place = job.territoire_id
        job = create_job(session, job.created_by, *named, settings, organisme=job.organisme, territoire_id=place)
    else:
        job.settings = {name: value for name, value in job.settings.items() if name not in LEFT_BEHIND}
    _begin(session, job, found)
    return job


def _begin(session: Session, job: ImportJob, found: Table | None) -> None:
    """Enqueues the reading when every header is known; else the columns are asked. found: None for LHEO."""
    if found is None:
        ask_reading(session, job)
        return
    totals = [[number, list(map(text_of, cells))] for number, cells in found.totals]
    job.settings = {**job.settings, "sheet": found.sheet, "sheets": found.sheets, "totals": totals}
    ours = exact(found.headers, stored.columns_of(job.kind))
    if len(ours) == len([header for header in found.headers if header]):
        ask_reading(session, job, ours)
    else:
        job.phase, job.status = Phase.COLONNES, JobStatus.FINI
        session.flush()


def create_job(
    session: Session,
    actor: User,
    kind: ImportKind,
    filename: str,
    stored_as: str,
    settings: dict[str, Any],
    *,
    organisme: Organisme | None = None,
    territoire_id: int,
) -> ImportJob:
    """Creates a job without enqueuing it: its columns (tables) or its reading (LHEO) come next."""
    job = ImportJob(
        created_by_id=actor.id,
        organisme=living(session, organisme.id) if organisme else None,
        territoire_id=territoire_id,
        kind=kind,
        filename=filename[:200],
        stored=stored_as,
        settings=settings,
        phase=Phase.COLONNES,
        status=JobStatus.FINI,
    )
    session.add(job)
    session.flush()
    return job


def ask_reading(session: Session, job: ImportJob, mapping: dict[int, str] | None = None) -> None:
    """Enqueues the reading of the file, which writes no fiche. mapping: {rank of the column: key}."""
    if mapping is not None:
        job.settings = {**job.settings, "mapping": {str(rank): key for rank, key in mapping.items()}}
    _ask(session, job, Phase.LECTURE)


def name_columns(session: Session, job: ImportJob, headers: Sequence[str], chosen: dict[int, str]) -> None:
    """Remembers the mapping of the columns for the next table with these headers, and enqueues the reading.

    chosen: {rank of the header: key of the column}; the other columns are not read.
    """
    mappings.remember(session, job, {header: chosen.get(rank, "") for rank, header in enumerate(headers) if header})
    ask_reading(session, job, chosen)


def ask_import(
    session: Session, job: ImportJob, line_ids: list[int] | None, choices: dict[int, int], *, submit: bool
) -> int:
    """Enqueues the import of these lines, or of every importable line (None). Returns how many.

    choices: {line id: id of the fiche to update, 0 for a new one}, for the lines «À choisir». submit: submit each
    fiche to moderation afterwards.
    """
    open_ = or_(ImportLine.result.is_(None), ImportLine.result == Outcome.ECHEC)
    lines = session.scalars(select(ImportLine).where(ImportLine.job_id == job.id, open_)).all()
    count = 0
    for line in lines:
        if line_ids is not None and line.id not in line_ids:
            continue
        if line.plan is Outcome.A_CHOISIR:
            allowed = {0, *(row["fiche_id"] for row in line.report["candidates"])}
            if choices.get(line.id) not in allowed:
                continue
            line.fiche_id = choices[line.id] or None
        elif line.plan in (Outcome.ECARTEE, Outcome.ECHEC):
            continue
        line.chosen, line.result, line.message = True, None, ""
        count += 1
    if count:
        job.settings = {**job.settings, "submit": submit}
        _ask(session, job, Phase.IMPORT)
    return count


def ask_undo(session: Session, job: ImportJob) -> int:
    """Enqueues the undoing of the lines that were imported. Returns how many."""
    written = select(func.count()).where(ImportLine.job_id == job.id, ImportLine.result.in_(WRITTEN))
    count = session.scalar(written) or 0
    if count:
        job.settings = {**job.settings, "undoing": True}
        _ask(session, job, Phase.IMPORT)
    return count


def start_again(session: Session, job: ImportJob) -> None:
    """Enqueues again a job that was killed or lost. Does nothing for a finished one."""
    if job.phase is not Phase.COLONNES and job.status is not JobStatus.FINI:
        _ask(session, job, job.phase)


def _ask(session: Session, job: ImportJob, phase: Phase) -> None:
    job.phase, job.status, job.error, job.moved_at = phase, JobStatus.ATTEND, "", now()
    session.flush()
    enqueue(session, RUN, job.id)


# --- Running ------------------------------------------------------------------------------------------


def run(job_id: int) -> None:
    """Runs the requested phase of the job. Does nothing unless its status is ATTEND."""
    with atomic() as session:
        job = _locked(session, job_id)
        if job.status is not JobStatus.ATTEND:
            return
        job.status, job.attempt = JobStatus.EN_COURS, job.attempt + 1
        attempt = job.attempt
        step = _read if job.phase is Phase.LECTURE else _undo if job.settings.get("undoing") else _import
    try:
        finished = step(job_id, attempt)
    except Exception as error:
        with atomic() as session:
            job = _locked(session, job_id)
            if job.attempt == attempt:
                job.status, job.error = (
                    JobStatus.ECHEC,
                    f"Une erreur s’est produite chez nous ({type(error).__name__})",
                )
        raise
    if finished:
        with atomic() as session:
            _locked(session, job_id).status = JobStatus.FINI


def _locked(session: Session, job_id: int) -> ImportJob:
    return session.scalars(
        select(ImportJob)
        .where(ImportJob.id == job_id)
        .with_for_update(of=ImportJob)
        .execution_options(populate_existing=True)
    ).one()


def _read(job_id: int, attempt: int) -> bool:
    """The reading: every entry becomes an ImportLine with its report. Returns False when another run took over."""
    with atomic() as session:
        job = _locked(session, job_id)
        session.execute(delete(ImportLine).where(ImportLine.job_id == job_id))
        job.done = job.total = 0
        reads = _bounded(_entries(stored.file_of(job)))
        report = REPORTS.get(job.kind, import_lines.report)
    seen: dict[tuple[str, ...], str] = {}
    taken: set[int] = set()
    error = ""
    while True:
        batch: list[Any] = []
        try:
            batch += islice(reads, BATCH)
        except UnreadableFile as unreadable:
            error = str(unreadable)
        with atomic() as session:
            job = _locked(session, job_id)
            if job.attempt != attempt:
                return False
            for read in batch:
                job.done += 1
                session.add(report(session, job, read, seen, taken))
            job.total, job.error, job.moved_at = job.done, error, now()
        if error or len(batch) < BATCH:
            return True


def _entries(file: stored.JobFile) -> Iterator[Any]:
    """Opens the file at the first entry, outside of any transaction."""
    if file.kind is ImportKind.LHEO:
        yield from flow_entries(path_of(file.stored))
        return
    found, mapping = mending.table_of(file), mending.mapping_of(file)
    if file.kind is ImportKind.CONVENTIONS:
        yield from grant_lines.entries(found, mapping, file.settings)
    else:
        yield from read_rows(found, mapping, grouped=file.kind is ImportKind.TABLEAU)


REPORTS: dict[ImportKind, Callable[..., ImportLine]] = {ImportKind.CONVENTIONS: grant_lines.report}
WRITERS: dict[ImportKind, Callable[..., tuple[Outcome, str]]] = {ImportKind.CONVENTIONS: grant_lines.import_line}
UNDOERS: dict[ImportKind, Callable[..., None]] = {
    ImportKind.CONVENTIONS: grant_undo.undo,
    ImportKind.REPONDANTS: respondent_lists.undo,
}
"""How a line is reported, written and undone, for the kinds that are not fiches."""
WRITTEN = (Outcome.NOUVELLE, Outcome.MISE_A_JOUR)


def _bounded(reads: Iterator[Any]) -> Iterator[Any]:
    for rank, read in enumerate(reads):
        if rank == MOST:
            raise UnreadableFile(f"Ce fichier a plus de {MOST} entrées : les suivantes n’ont pas été lues. Coupez-le.")
        yield read


def _import(job_id: int, attempt: int) -> bool:
    """The import: one transaction for each chosen line. Returns False when another run took over."""
    with atomic() as session:
        job = _locked(session, job_id)
        chosen = select(ImportLine.id).where(ImportLine.job_id == job_id, ImportLine.chosen)
        job.total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
        waiting = session.scalars(chosen.where(ImportLine.result.is_(None)).order_by(ImportLine.rank)).all()
        job.done = job.total - len(waiting)
    return _each(job_id, attempt, waiting, _import_line, _failed)


def _undo(job_id: int, attempt: int) -> bool:
    """Undoes the lines that were imported, the last one first. Returns False when another run took over."""
    with atomic() as session:
        job = _locked(session, job_id)
        written = ImportLine.job_id == job_id, ImportLine.result.in_(WRITTEN)
        lines = session.scalars(select(ImportLine.id).where(*written).order_by(ImportLine.rank.desc())).all()
        job.total, job.done = len(lines), 0
    if not _each(job_id, attempt, lines, _undo_line, _stays):
        return False
    with atomic() as session:
        job = _locked(session, job_id)
        job.settings = {name: value for name, value in job.settings.items() if name != "undoing"}
    return True


Act = Callable[[Session, ImportJob, ImportLine], None]


def _each(
    job_id: int, attempt: int, line_ids: Sequence[int], act: Act, failed: Callable[[ImportLine, str], None]
) -> bool:
    """Acts on each line in its own transaction; `failed` notes, in another one, the message of a line that could not.

    Returns False when another run took over.
    """
    for line_id in line_ids:
        try:
            with atomic() as session:
                job = _locked(session, job_id)
                if job.attempt != attempt:
                    return False
                act(session, job, session.get_one(ImportLine, line_id))
                job.done, job.moved_at = job.done + 1, now()
            continue
        except Refused as refused:
            message = refused.message
        except Exception:
            log.exception("import %s, ligne %s", job_id, line_id)
            message = "Une erreur s’est produite chez nous : cette ligne n’a rien changé."
        with atomic() as session:
            job = _locked(session, job_id)
            failed(session.get_one(ImportLine, line_id), message)
            job.done, job.moved_at = job.done + 1, now()
    return True


def _import_line(session: Session, job: ImportJob, line: ImportLine) -> None:
    line.result, line.message = WRITERS.get(job.kind, import_lines.import_line)(session, job, line)


def _failed(line: ImportLine, message: str) -> None:
    line.result, line.message = Outcome.ECHEC, message


def _undo_line(session: Session, job: ImportJob, line: ImportLine) -> None:
    UNDOERS.get(job.kind, fiche_undo.undo)(session, job, line)
    line.result, line.chosen, line.message = None, False, "Import défait."


def _stays(line: ImportLine, message: str) -> None:
    line.message = f"Cette ligne n’est plus à défaire. {message}"
