"""Imports a file in two phases: read it and report line by line, then import the chosen lines.

The file is stored with its ``ImportJob``. Both phases are runs of the same background function, `run`, which owns its
transactions: one for each BATCH of lines read, one for each line imported. A line that fails does not block the
others; a run that was killed can be started again and continues.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from backoffice.core import uploads
from backoffice.core.clock import now
from backoffice.core.transactions import atomic
from backoffice.core.uploads import path_of
from backoffice.models import (
    ImportJob,
    ImportKind,
    ImportLine,
    ImportMapping,
    JobStatus,
    Organisme,
    Outcome,
    Phase,
    RegisterImport,
    User,
)
from exports.importing.columns import Column, exact
from exports.importing.entries import check, entries
from exports.importing.files import read_table
from exports.importing.reading import UnreadableFile
from workflows.case import Refused
from workflows.conventions import grant_lines
from workflows.structures.operations import living
from workflows.work.jobs import enqueue

from . import lines as import_lines

RUN = "workflows.importing.jobs.run"
MOST = 5_000
"""Maximum number of entries in one job. A regional flow is imported in parts, from the command line."""
BATCH = 20

log = logging.getLogger(__name__)


# --- Requests ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SentFile:
    """An uploaded file. filename: as uploaded; stored: its stored name; columns: those that a table may have."""

    kind: ImportKind
    filename: str
    stored: str
    columns: Sequence[Column]

    def exact_columns(self) -> dict[int, str] | None:
        """{rank: key of the column} when every header is one of `columns`; None when a person must map them.

        Empty for LHEO.
        """
        if self.kind is ImportKind.LHEO:
            return {}
        headers = read_table(path_of(self.stored)).headers
        ours = exact(headers, self.columns)
        return ours if len(ours) == len([header for header in headers if header]) else None


def keep(stream: BinaryIO, kind: ImportKind, owner: int) -> str:
    """Stores a file to import and returns its stored name. owner: see uploads.keep.

    Raises UnreadableFile, and stores nothing, when there is no room for it or its beginning cannot be read.
    """
    stored = uploads.keep(stream, owner)
    try:
        check(path_of(stored), kind)
    except BaseException:
        path_of(stored).unlink()
        raise
    return stored


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
    named = file.kind, file.filename, file.stored
    job = create_job(session, actor, *named, settings, organisme=organisme, territoire_id=territoire_id)
    columns = file.exact_columns()
    if columns is not None:
        ask_reading(session, job, columns)
    return job


def create_job(
    session: Session,
    actor: User,
    kind: ImportKind,
    filename: str,
    stored: str,
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
        stored=stored,
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
    remember(session, job, {header: chosen.get(rank, "") for rank, header in enumerate(headers) if header})
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


def start_again(session: Session, job: ImportJob) -> None:
    """Enqueues again a job that was killed or lost. Does nothing for a finished one."""
    if job.phase is not Phase.COLONNES and job.status is not JobStatus.FINI:
        _ask(session, job, job.phase)


def _ask(session: Session, job: ImportJob, phase: Phase) -> None:
    job.phase, job.status, job.error, job.moved_at = phase, JobStatus.ATTEND, "", now()
    session.flush()
    enqueue(session, RUN, job.id)


def _old(before: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ImportJob.moved_at <= before, ImportJob.stored != ""


def old_files(session: Session, before: datetime) -> int:
    """Number of files stored for imports that have not progressed since this instant, and of `_orphans`."""
    return (session.scalar(select(func.count()).where(*_old(before))) or 0) + len(_orphans(session, before))


def _orphans(session: Session, before: datetime) -> list[Path]:
    """Files that no import names: the process that received them was killed."""
    named = {*session.scalars(select(ImportJob.stored)), *session.scalars(select(RegisterImport.stored))}
    files = (file for file in uploads.folder().iterdir() if file.name not in named)
    return [file for file in files if file.stat().st_mtime <= before.timestamp()]


def forget_files(session: Session, before: datetime, limit: int) -> int:
    """Deletes at most `limit` of these files; their reports stay. Returns how many.

    The file is deleted before the row is updated: when the process is killed between the two, the next run retries.
    """
    rows = select(ImportJob).where(*_old(before)).order_by(ImportJob.id).limit(limit)
    jobs = session.scalars(rows.with_for_update(of=ImportJob).execution_options(populate_existing=True)).all()
    for job in jobs:
        path_of(job.stored).unlink(missing_ok=True)
        if job.status is not JobStatus.FINI:
            job.status, job.error = JobStatus.FINI, "Ce fichier n’est plus gardé : envoyez-le de nouveau."
        job.stored = ""
    session.flush()
    orphans = _orphans(session, before)[: limit - len(jobs)]
    for file in orphans:
        file.unlink(missing_ok=True)
    return len(jobs) + len(orphans)


# --- The columns chosen last time ---------------------------------------------------------------------


def remembered(session: Session, job: ImportJob) -> dict[str, str]:
    """{header: key} as last chosen for the structure, or for the territoire, of the job."""
    found = _mapping(session, job)
    own = _shelf(job)
    return {key.removeprefix(own): value for key, value in found.chosen.items() if _of(key, own)} if found else {}


def remember(session: Session, job: ImportJob, chosen: dict[str, str]) -> None:
    if job.organisme_id is not None:
        living(session, job.organisme_id)  # prevents a merge until the row is written
        session.refresh(job)
    found = _mapping(session, job)
    if found is None:
        whose = {"organisme_id": job.organisme_id} if job.organisme_id else {"territoire_id": job.territoire_id}
        found = ImportMapping(**whose, chosen={})
        session.add(found)
    own = _shelf(job)
    found.chosen = {**found.chosen, **{f"{own}{header}": key for header, key in chosen.items()}}
    session.flush()


def _shelf(job: ImportJob) -> str:
    """Prefix of the remembered headers: «SIRET» maps to two columns, in a list of conventions and in one of fiches."""
    return f"{job.kind}\x1f" if job.kind is ImportKind.CONVENTIONS else ""


def _of(key: str, shelf: str) -> bool:
    """Whether a remembered header has this prefix; without a prefix, whether it has none."""
    return key.startswith(shelf) if shelf else "\x1f" not in key


def _mapping(session: Session, job: ImportJob) -> ImportMapping | None:
    mine = ImportMapping.organisme_id == job.organisme_id
    if job.organisme_id is None:
        mine = ImportMapping.territoire_id == job.territoire_id
    return session.scalars(select(ImportMapping).where(mine)).first()


# --- Running ------------------------------------------------------------------------------------------


def run(job_id: int) -> None:
    """Runs the requested phase of the job. Does nothing unless its status is ATTEND."""
    with atomic() as session:
        job = _locked(session, job_id)
        if job.status is not JobStatus.ATTEND:
            return
        job.status, job.attempt = JobStatus.EN_COURS, job.attempt + 1
        attempt, phase = job.attempt, job.phase
    try:
        finished = _read(job_id, attempt) if phase is Phase.LECTURE else _import(job_id, attempt)
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
        mapping = {int(rank): key for rank, key in job.settings.get("mapping", {}).items()}
        reads = _bounded(_entries(job, mapping))
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


def _entries(job: ImportJob, mapping: dict[int, str]) -> Iterator[Any]:
    if job.kind is ImportKind.CONVENTIONS:
        return grant_lines.entries(path_of(job.stored), mapping, job.settings)
    return entries(path_of(job.stored), job.kind, mapping)


REPORTS: dict[ImportKind, Callable[..., ImportLine]] = {ImportKind.CONVENTIONS: grant_lines.report}
WRITERS: dict[ImportKind, Callable[..., tuple[Outcome, str]]] = {ImportKind.CONVENTIONS: grant_lines.import_line}
"""How a line is reported and written, for the kinds that are not fiches."""


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
    for line_id in waiting:
        try:
            with atomic() as session:
                job = _locked(session, job_id)
                if job.attempt != attempt:
                    return False
                line = session.get_one(ImportLine, line_id)
                write = WRITERS.get(job.kind, import_lines.import_line)
                line.result, line.message = write(session, job, line)
                job.done, job.moved_at = job.done + 1, now()
        except Refused as refused:
            _failed(job_id, line_id, refused.message)
        except Exception:
            log.exception("import %s, ligne %s", job_id, line_id)
            _failed(job_id, line_id, "Une erreur s’est produite chez nous : cette ligne n’a rien changé.")
    return True


def _failed(job_id: int, line_id: int, message: str) -> None:
    with atomic() as session:
        job = _locked(session, job_id)
        line = session.get_one(ImportLine, line_id)
        line.result, line.message = Outcome.ECHEC, message
        job.done, job.moved_at = job.done + 1, now()
