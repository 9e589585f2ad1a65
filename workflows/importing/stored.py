"""The files of imports: stored when they are sent, read as tables, deleted when they are old."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from backoffice.core import uploads
from backoffice.core.uploads import path_of
from backoffice.models import ImportJob, ImportKind, JobStatus, RegisterImport
from exports.importing.columns import COLUMNS, Column, titles
from exports.importing.entries import entries
from exports.importing.files import Table, read_table
from forms.conventions import grant_table


def keep(stream: IO[bytes], kind: ImportKind, owner: int) -> str:
    """Stores a file to import and returns its stored name. owner: see uploads.keep.

    Raises UnreadableFile, and stores nothing, when there is no room for it or its beginning cannot be read.
    """
    name = uploads.keep(stream, owner)
    try:
        check(path_of(name), kind)
    except BaseException:
        path_of(name).unlink()
        raise
    return name


def check(path: Path, kind: ImportKind) -> None:
    """Raises UnreadableFile when the first entry, or the table, cannot be read."""
    if kind is ImportKind.LHEO:
        next(entries(path), None)
    else:
        read_table(path, titles=titles(columns_of(kind)))


def columns_of(kind: ImportKind) -> Sequence[Column]:
    """The columns that a table of this kind may have."""
    return grant_table.COLUMNS if kind is ImportKind.CONVENTIONS else COLUMNS


def table(name: str, kind: ImportKind, sheet: int | None = None) -> Table:
    """A stored table; sheet: None for the first that has something. Raises UnreadableFile."""
    return read_table(path_of(name), sheet=sheet, titles=titles(columns_of(kind)))


@dataclass(frozen=True)
class JobFile:
    """What is needed of a job to read its file outside of a transaction: reading takes time."""

    stored: str
    kind: ImportKind
    settings: dict[str, Any]


def file_of(job: ImportJob) -> JobFile:
    return JobFile(job.stored, job.kind, job.settings)


def table_of(job: ImportJob | JobFile) -> Table:
    """The sheet that the job reads. Raises UnreadableFile."""
    return table(job.stored, job.kind, job.settings.get("sheet"))


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
