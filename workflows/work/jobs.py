"""Background jobs: enqueued within a transaction, run after its commit.

With REDIS_URL a job is queued in Redis for a worker (``flask jobs work``, any number of them); without, it runs
in this process right after the commit, before the response is sent.

To add a job, write a module-level function and enqueue it by its path::

    def run(job_id: int) -> None: ...                           # in workflows/importing/jobs.py

    with atomic() as session:
        ...
        enqueue(session, "workflows.importing.jobs.run", job.id)       # arguments: what JSON can write

A job owns its transactions (``atomic``), reloads what it needs, is idempotent, and lets its exceptions propagate:
they are stored with the job (see `failures`) and logged. Nothing is lost with Redis down: the caller stores a row
that says what remains to be done, and it is enqueued again later.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from redis import RedisError
from rq import Queue, Worker
from rq.job import Job
from sqlalchemy.orm import Session, configure_mappers

from backoffice.core.clock import now
from backoffice.core.extensions import QUEUE, db, jobs, read_only
from backoffice.core.logs import trace
from backoffice.core.transactions import on_commit
from backoffice.reference.retention import conservation
from exports.lheo.schema import schema

from . import failures
from .former_names import current

Argument = str | int | bool | None

log = logging.getLogger(__name__)


class _Worker(Worker):
    """RQ's worker, but without the message of an exception in the log or in Redis: it may contain user input."""

    told = ""

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        self.told = trace(exc_info[1])
        log.error("le travail %s a échoué", job.args[0], exc_info=exc_info)
        failures.in_worker(job, *exc_info)

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Any = None,
    ) -> None:
        super().handle_job_failure(job, queue, started_job_registry, self.told or exc_string, execution)


def enqueue(session: Session, function: str, *arguments: Argument) -> None:
    """Enqueues ``package.module.function(*arguments)`` after the commit. function: its path."""
    on_commit(session, lambda: start(function, arguments))


def start(function: str, arguments: Sequence[Argument] = ()) -> None:
    """Enqueues a job now, outside a transaction; without Redis, runs it here. Never raises: failures are logged."""
    queue = jobs.queue
    try:
        if queue is not None:
            queue.enqueue("workflows.work.jobs.perform", function, *arguments, failure_ttl=failures_kept())
        else:
            perform(function, *arguments)
    except RedisError:
        log.exception("Redis ne répond pas : %s%r reste à demander de nouveau", function, arguments)
    except Exception as error:
        # The transaction is committed: the response must say so even if the job fails.
        log.exception("le travail %s%r a échoué", function, arguments)
        failures.keep(function, arguments, trace(error))


def failures_kept() -> int:
    """Seconds during which Redis keeps a failed job: the same period as in the database, see conservation.toml."""
    at = now()
    return int((at - conservation()["travaux_en_echec"].before(at)).total_seconds())


def perform(function: str, *arguments: Argument) -> None:
    """Runs a job synchronously, in the current application context, and rolls back what it left uncommitted."""
    module, _, name = current(function).rpartition(".")
    mark = read_only.set(False)
    try:
        getattr(import_module(module), name)(*arguments)
    finally:
        db.session.rollback()
        read_only.reset(mark)


def prepare() -> None:
    """Builds mappers and XML schema before the worker forks: each job would otherwise spend 0.1 s on them."""
    configure_mappers()
    schema()


def work(name: str = QUEUE, *, burst: bool = False) -> bool:
    """Runs a worker: one job at a time, each in its own process. Returns False without Redis.

    name: of the queue; jobs that it enqueues go to the same one. burst: stop when the queue is empty.
    """
    jobs.use(name)
    queue = jobs.queue
    if queue is None:
        return False
    db.engine.dispose()  # the forked processes must not inherit a connection
    prepare()
    worker = _Worker(
        [queue],
        connection=queue.connection,
        serializer=queue.serializer,
        work_horse_killed_handler=failures.killed,
    )
    worker.work(burst=burst, logging_level="WARNING")
    return True
