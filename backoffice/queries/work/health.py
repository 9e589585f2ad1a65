"""What an administrator looks at in the morning: the base, the disk, what waits, what was done last."""

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
    """size: bytes on disk; migration: the last one applied."""

    kind: str
    size: int
    migration: str


@dataclass(frozen=True)
class Disk:
    """Of the file system that holds `folder`; bytes."""

    folder: str
    free: int
    total: int

    @property
    def short(self) -> bool:
        """Less than a tenth left: a flow and a backup may soon not find their place."""
        return self.free * 10 < self.total


@dataclass(frozen=True)
class Work:
    """Jobs in Redis; None of them: it does not answer."""

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
    """Each folder's file system, told once."""
    found: dict[int, Disk] = {}
    for folder in folders:
        there = next(place for place in (folder, *folder.parents) if place.exists())
        usage = shutil.disk_usage(there)
        found.setdefault(there.stat().st_dev, Disk(str(folder), usage.free, usage.total))
    return list(found.values())


def work(queue: Queue) -> Work | None:
    """None when Redis does not answer."""
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
    """Since when the e-mail that has waited longest is due."""
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
