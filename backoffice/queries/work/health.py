"""State of the installation for administrators: database, disks, jobs, e-mails, latest imports and retention runs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from redis import RedisError
from rq import Queue, Worker
from rq.registry import FailedJobRegistry, StartedJobRegistry
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, joinedload, lazyload

from backoffice.models import ImportJob, Mail, MailState, RetentionRun, User

SHOWN = 10


@dataclass(frozen=True)
class Base:
    """The database. size: in bytes; migration: revision id of the last one applied, "" if none."""

    kind: str
    size: int
    migration: str


@dataclass(frozen=True)
class Disk:
    """The file system that contains `folder`; free, total: in bytes."""

    folder: str
    free: int
    total: int

    @property
    def short(self) -> bool:
        """Less than 10 % free: a flow or a backup may soon fail."""
        return self.free * 10 < self.total


@dataclass(frozen=True)
class Work:
    """Numbers of jobs in Redis, and of workers."""

    waiting: int
    started: int
    failed: int
    workers: int


def base(session: Session) -> Base:
    kind = session.get_bind().dialect.name
    if kind == "postgresql":
        size = session.scalar(text("SELECT pg_database_size(current_database())"))
    else:
        size = session.scalar(text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"))
    return Base(kind, int(size or 0), MigrationContext.configure(session.connection()).get_current_revision() or "")


def disks(*folders: Path) -> list[Disk]:
    """The file system of each folder, without repetition. A missing folder counts as its nearest existing parent."""
    found: dict[int, Disk] = {}
    for folder in folders:
        there = next(place for place in (folder, *folder.parents) if place.exists())
        usage = shutil.disk_usage(there)
        found.setdefault(there.stat().st_dev, Disk(str(folder), usage.free, usage.total))
    return list(found.values())


def work(queue: Queue) -> Work | None:
    """State of the job queue; None when Redis does not answer."""
    try:
        return Work(
            queue.count,
            StartedJobRegistry(queue=queue).count,
            FailedJobRegistry(queue=queue).count,
            Worker.count(queue=queue),
        )
    except RedisError:
        return None


def oldest_mail(session: Session) -> datetime | None:
    """When the e-mail that has waited longest was due; None when none waits."""
    return session.scalar(select(func.min(Mail.next_at)).where(Mail.state == MailState.A_ENVOYER))


def last_imports(session: Session) -> Sequence[ImportJob]:
    return session.scalars(
        select(ImportJob)
        .options(
            joinedload(ImportJob.created_by).options(lazyload(User.memberships), lazyload(User.assignments)),
            joinedload(ImportJob.territoire),
        )
        .order_by(ImportJob.id.desc())
        .limit(SHOWN)
    ).all()


def last_retentions(session: Session) -> Sequence[RetentionRun]:
    return session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(SHOWN)).all()
