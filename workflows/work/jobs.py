"""Long work: asked within a transaction, done after its commit.

With REDIS_URL it waits in Redis for a worker (``flask jobs work``, as many as wanted); without, it runs
in this process as soon as the transaction is committed, before the answer leaves.

To add a job, write a function at the top of a module and ask for it by name::

    def run(job_id: int) -> None: ...                           # in workflows/importing/jobs.py

    with atomic() as session:
        ...
        enqueue(session, "workflows.importing.jobs.run", job.id)       # arguments: what JSON can write

A job owns its transactions (``atomic``), reads again what it needs, may be run twice without harm, and
lets its exceptions through: they are kept with the job (see `failures`), and the log has them. Nothing is
lost with Redis down: whoever asks keeps a row that says what is still to be done, to be asked again.
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
    """RQ's own, which tells of an error all but its message: that may hold what somebody typed."""

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
    """Asks for ``package.module.function(*arguments)`` once the transaction is committed."""
    on_commit(session, lambda: start(function, arguments))


def start(function: str, arguments: Sequence[Argument] = ()) -> None:
    """Asks for work that no transaction asks for. Never raises: see above how nothing is lost."""
    queue = jobs.queue
    try:
        if queue is not None:
            queue.enqueue("workflows.work.jobs.perform", function, *arguments, failure_ttl=failures_kept())
        else:
            perform(function, *arguments)
    except RedisError:
        log.exception("Redis ne répond pas : %s%r reste à demander de nouveau", function, arguments)
    except Exception as error:
        # The transaction that asked is committed: its answer must say so, whatever becomes of the job.
        log.exception("le travail %s%r a échoué", function, arguments)
        failures.keep(function, arguments, trace(error))


def failures_kept() -> int:
    """Seconds for which Redis keeps a job that failed: as long as the base does, see conservation.toml."""
    at = now()
    return int((at - conservation()["travaux_en_echec"].before(at)).total_seconds())


def perform(function: str, *arguments: Argument) -> None:
    """Runs a job here and now, within the application's context."""
    module, _, name = current(function).rpartition(".")
    mark = read_only.set(False)
    try:
        getattr(import_module(module), name)(*arguments)
    finally:
        db.session.rollback()
        read_only.reset(mark)


def prepare() -> None:
    """Builds once what each job, in a process of its own, would build again: a tenth of a second."""
    configure_mappers()
    schema()


def work(name: str = QUEUE, *, burst: bool = False) -> bool:
    """A worker: takes jobs one after the other, each in a process of its own; False without Redis.

    What its jobs ask for waits in the same queue. `burst`: stops when nothing waits any more.
    """
    jobs.use(name)
    queue = jobs.queue
    if queue is None:
        return False
    db.engine.dispose()  # the processes of the jobs inherit no connection
    prepare()
    worker = _Worker(
        [queue],
        connection=queue.connection,
        serializer=queue.serializer,
        work_horse_killed_handler=failures.killed,
    )
    worker.work(burst=burst, logging_level="WARNING")
    return True
