"""Failed jobs: stored with their traceback, announced to the administrators, run again on request.

With Redis they are in RQ's FailedJobRegistry; without Redis, in the table failed_job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db, jobs
from backoffice.core.transactions import atomic
from backoffice.models import FailedJob
from workflows.notices.outbox import tell

Argument = str | int | bool | None
SHOWN = 100


@dataclass(frozen=True)
class Failed:
    """A failed job. id: the argument of `again`; trace: a traceback whose last line is the reason."""

    id: str
    function: str
    arguments: Sequence[Argument]
    failed_at: datetime
    trace: str

    @property
    def reason(self) -> str:
        return self.trace.strip().rpartition("\n")[2]


def keep(function: str, arguments: Sequence[Argument], trace: str) -> None:
    """Stores a job that failed in this process, and announces it. trace: its traceback."""
    db.session.rollback()
    with atomic() as session:
        session.add(FailedJob(function=function, arguments=list(arguments), reason=trace))
        _tell(session, function, trace.strip().rpartition("\n")[2].partition(":")[0])


def in_worker(job: Job, kind: type[BaseException], _error: BaseException, _trace: TracebackType | None) -> None:
    """Announces a job that failed in a worker; RQ itself stores it in its registry."""
    db.session.rollback()
    with atomic() as session:
        _tell(session, str(job.args[0]), kind.__name__)


def killed(job: Job, _pid: int, status: int, _usage: Any) -> None:
    """RQ calls this when the process of a job was killed. Announces the job; RQ moves it to its registry."""
    with atomic() as session:
        _tell(session, str(job.args[0]), f"processus arrêté (état {status})")


def _tell(session: Session, function: str, reason: str) -> None:
    """One notice for each function and day (Paris). reason: one word, since a message could contain user input."""
    tell(
        session,
        "travail_en_echec",
        key=f"{function} {local_day(now())}",
        facts={"travail": function.removeprefix("workflows."), "raison": reason},
    )


def failed(session: Session) -> Sequence[Failed]:
    """The failed jobs, the latest first: SHOWN at most."""
    here = [
        Failed(str(row.id), row.function, row.arguments, row.failed_at, row.reason)
        for row in session.scalars(select(FailedJob).order_by(FailedJob.id.desc()).limit(SHOWN))
    ]
    return here + _in_redis()


def _in_redis() -> list[Failed]:
    registry = _registry()
    if registry is None:
        return []
    found = []
    for job_id in registry.get_job_ids(0, SHOWN - 1, desc=True):
        try:
            job = Job.fetch(job_id, connection=registry.connection, serializer=registry.serializer)
        except NoSuchJobError:
            continue  # it expired between the two calls
        result = job.latest_result()
        function, *arguments = job.args
        ended = (job.ended_at or job.created_at).replace(tzinfo=UTC)
        found.append(Failed(job_id, str(function), arguments, ended, (result and result.exc_string) or "sans trace"))
    return found


def again(session: Session, failed_id: str) -> tuple[str, Sequence[Argument]] | None:
    """Removes a failed job and returns (function, arguments) to enqueue again; None when it is no longer there."""
    if failed_id.isdecimal() and len(failed_id) < 10:
        row = session.scalars(
            delete(FailedJob).where(FailedJob.id == int(failed_id)).returning(FailedJob)
        ).one_or_none()
        return None if row is None else (row.function, row.arguments)
    registry = _registry()
    if registry is None or failed_id not in registry:
        return None
    job = Job.fetch(failed_id, connection=registry.connection, serializer=registry.serializer)
    function, *arguments = job.args
    try:
        registry.remove(job, delete_job=True)
    except InvalidJobOperation:
        return None
    return str(function), arguments


def _registry() -> FailedJobRegistry | None:
    queue = jobs.queue
    return None if queue is None else FailedJobRegistry(queue=queue)
