"""Long work: after the commit or not at all; in this process, or in a worker on a real Redis."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
import time
import uuid

import pytest

from backoffice.core.extensions import db, folders, make_queue
from backoffice.core.transactions import atomic
from backoffice.models import Organisme
from tests.conftest import need
from tests.support import factories as make
from tests.support import services
from workflows.work import jobs
from workflows.work.former_names import FORMER
from workflows.work.schedule import SCHEDULE

pytestmark = pytest.mark.committed


def rename(organisme_id: int, nom: str) -> None:
    """A job: changes something that can be seen from outside."""
    with atomic() as session:
        session.get_one(Organisme, organisme_id).nom = nom


def fail() -> None:
    raise RuntimeError("échec voulu")


HERE = f"{__name__}."


@pytest.fixture
def structure(app):
    made = make.organisme()
    db.session.commit()
    return made.id


def name_of(organisme_id):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Organisme, organisme_id).nom


@pytest.fixture
def redis_queue(app):
    """The application on a real Redis, with an empty queue of its own."""
    need("redis")
    queue = make_queue(services.REDIS, f"essai-{uuid.uuid4().hex}")
    before = app.extensions["relais_jobs"]
    app.extensions["relais_jobs"] = queue
    yield queue
    queue.delete()
    queue.connection.close()
    app.extensions["relais_jobs"] = before


def test_without_redis_the_job_runs_once_the_transaction_is_committed(structure):
    with atomic() as session:
        jobs.enqueue(session, HERE + "rename", structure, "Nouveau nom")
        assert session.get_one(Organisme, structure).nom != "Nouveau nom"
    assert name_of(structure) == "Nouveau nom"


def test_what_is_undone_asks_for_nothing(structure):
    def ask_then_stumble():
        with atomic() as session:
            jobs.enqueue(session, HERE + "rename", structure, "Jamais")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_then_stumble()
    with atomic():
        pass
    assert name_of(structure) != "Jamais"


def test_a_job_that_fails_does_not_undo_what_asked_for_it(structure, caplog):
    with atomic() as session:
        session.get_one(Organisme, structure).nom = "Gardé"
        jobs.enqueue(session, HERE + "fail")
    assert name_of(structure) == "Gardé"
    assert "échec voulu" in caplog.text


@pytest.mark.parametrize("path", [*FORMER.values(), *(periodic.function for periodic in SCHEDULE.values())])
def test_every_path_of_a_job_resolves(path):
    assert callable(pkgutil.resolve_name(path))


@pytest.mark.parametrize("path", FORMER)
def test_a_former_path_leads_nowhere_but_to_its_row(path):
    """Else the row would hide a function of today."""
    with pytest.raises((ImportError, AttributeError)):
        pkgutil.resolve_name(path)


def test_a_job_kept_under_a_former_path_still_runs(structure, monkeypatch):
    monkeypatch.setitem(FORMER, "workflows.gone.rename", HERE + "rename")
    jobs.perform("workflows.gone.rename", structure, "Par son ancien nom")
    assert name_of(structure) == "Par son ancien nom"


@pytest.mark.redis
def test_a_job_queued_before_the_move_still_runs(app, redis_queue, structure):
    """RQ itself resolves the path `workflows.jobs.perform`, under which everything was queued."""
    redis_queue.enqueue("workflows.jobs.perform", HERE + "rename", structure, "Gardé dans Redis")
    run_worker(app, redis_queue)
    assert name_of(structure) == "Gardé dans Redis"


@pytest.mark.redis
def test_with_redis_the_job_waits_for_a_worker(redis_queue, structure):
    with atomic() as session:
        jobs.enqueue(session, HERE + "rename", structure, "Par Redis")
    assert name_of(structure) != "Par Redis"
    (job,) = redis_queue.jobs
    assert (job.func_name, job.args) == ("workflows.work.jobs.perform", [HERE + "rename", structure, "Par Redis"])


@pytest.mark.redis
def test_a_worker_process_does_what_waits(app, redis_queue, structure):
    with atomic() as session:
        jobs.enqueue(session, HERE + "rename", structure, "Par un autre processus")
    run_worker(app, redis_queue)
    assert name_of(structure) == "Par un autre processus"
    assert redis_queue.is_empty()


def environment(app) -> dict[str, str]:
    """Of another process of the same application, on the real Redis."""
    return {
        **os.environ,
        "DATABASE_URL": db.engine.url.render_as_string(hide_password=False),
        "REDIS_URL": services.REDIS,
        "SECRET_KEY": "cle-de-test",
        "RELAIS_FLUX": str(folders.flux),
        "RELAIS_INSTANCE": app.instance_path,
        "RELAIS_DEMO": "1",
    }


def worker(jobs_queue) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "work", "--queue", jobs_queue.name]


def run_worker(app, jobs_queue) -> None:
    """`flask jobs work`, in a process of its own, until nothing waits."""
    db.session.remove()
    done = subprocess.run(
        [*worker(jobs_queue), "--burst"], env=environment(app), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_worker_without_redis_says_so(app):
    answer = app.test_cli_runner().invoke(args=["jobs", "work"])
    assert answer.exit_code == 1
    assert "REDIS_URL est vide" in answer.output


@pytest.mark.redis
def test_with_redis_down_the_answer_still_leaves(app, redis_queue, structure, caplog):
    app.extensions["relais_jobs"] = make_queue("redis://127.0.0.1:1/0")
    started = time.monotonic()
    with atomic() as session:
        session.get_one(Organisme, structure).nom = "Gardé"
        jobs.enqueue(session, HERE + "rename", structure, "Jamais")
    assert time.monotonic() - started < 20
    assert name_of(structure) == "Gardé"
    assert "Redis ne répond pas" in caplog.text
