"""What is done by itself: one table, read by RQ's scheduler on a real Redis, or written as a crontab."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from croniter import croniter
from rq.cron import CronScheduler
from sqlalchemy import select

from backoffice.core import uploads
from backoffice.core.clock import now
from backoffice.core.extensions import db, folders
from backoffice.models import FluxRun, ImportJob, ImportKind, JobStatus, Phase, RevisionState, RunState
from tests.support import factories as make
from tests.support.visitor import Visitor
from workflows.importing.jobs import create_job
from workflows.privacy.retention import run
from workflows.work import schedule

from .test_jobs import environment, redis_queue, run_worker  # noqa: F401 - a fixture

KEPT = timedelta(days=90)
"""«fichiers_importes», in conservation.toml."""

WEEKLY = {"orphelines"}


@pytest.mark.parametrize("periodic", schedule.SCHEDULE.values(), ids=lambda row: row.name)
def test_each_row_names_a_job_that_exists_and_an_hour_that_comes_soon(periodic):
    module, _, name = periodic.function.rpartition(".")
    assert callable(getattr(import_module(module), name))
    monday = datetime(2026, 11, 2, tzinfo=UTC)
    hours = croniter(periodic.cron, monday)
    assert hours.get_next(datetime) < monday + timedelta(days=1)
    assert hours.get_next(datetime) < monday + timedelta(days=8 if periodic.name in WEEKLY else 2)


@pytest.mark.committed
@pytest.mark.redis
def test_what_is_due_waits_in_the_queue_and_a_worker_does_it(app, redis_queue, tmp_path, monkeypatch):  # noqa: F811
    make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator())
    monkeypatch.setattr(folders, "flux", tmp_path / "flux")
    due = schedule.scheduler(redis_queue)
    assert due.enqueue_jobs() == [], "rien n’est dû avant son heure"
    for entry in due.get_jobs():
        entry.next_enqueue_time = now() - timedelta(seconds=1)
    assert len(due.enqueue_jobs()) == len(schedule.SCHEDULE)
    assert due.enqueue_jobs() == [], "chacun n’est mis qu’une fois dans la file"
    assert [job.args for job in redis_queue.jobs] == [[row.function] for row in schedule.SCHEDULE.values()]
    run_worker(app, redis_queue)
    db.session.rollback()
    states = db.session.scalars(select(FluxRun.state)).all()
    assert states.count(RunState.REUSSI) == 2, "la Normandie et la France"
    assert set(states) == {RunState.REUSSI, RunState.VIDE}
    assert (folders.flux / "normandie" / "manifeste.json").exists()


@pytest.mark.committed
@pytest.mark.redis
def test_the_command_keeps_the_hours_until_it_is_told_to_stop(app, redis_queue):  # noqa: F811
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "schedule"]
    with subprocess.Popen(command, env=environment(app), stderr=subprocess.PIPE, text=True) as process:
        found = _registered(redis_queue.connection, process.pid)
        assert {(job.name, job.cron) for job in found.get_jobs()} == {
            (row.name, row.cron) for row in schedule.SCHEDULE.values()
        }
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, process.stderr.read()
    assert process.pid not in [one.pid for one in CronScheduler.all(redis_queue.connection)]


def _registered(connection, pid: int) -> CronScheduler:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for one in CronScheduler.all(connection):
            if one.pid == pid:
                return one
        time.sleep(0.1)
    raise AssertionError("l’ordonnanceur ne s’est pas annoncé dans Redis")


def test_without_redis_a_crontab_says_the_same(app):
    runner = app.test_cli_runner()
    refused = runner.invoke(args=["jobs", "schedule"])
    assert (refused.exit_code, "jobs crontab" in refused.output) == (1, True)
    lines = [line for line in runner.invoke(args=["jobs", "crontab"]).output.splitlines() if not line.startswith("#")]
    assert len(lines) == len(schedule.SCHEDULE)
    for line, row in zip(lines, schedule.SCHEDULE.values(), strict=True):
        assert line.startswith(f"{row.cron}  cd ")
        assert re.search(rf" -m flask --app wsgi jobs run {row.name}$", line)


@pytest.mark.committed
def test_a_line_of_the_crontab_does_its_job(app, tmp_path):
    lines = app.test_cli_runner().invoke(args=["jobs", "crontab"]).output.splitlines()
    (line,) = [line for line in lines if line.endswith(" flux")]
    command = line.split(None, 5)[5]
    db.session.remove()
    environ = {**environment(app), "REDIS_URL": "", "RELAIS_FLUX": str(tmp_path / "flux")}
    subprocess.run(["sh", "-c", command], env=environ, check=True, timeout=120)
    assert set(db.session.scalars(select(FluxRun.state))) == {RunState.VIDE}


# --- The files of imports ------------------------------------------------------------------------------


def kept_import(by, phase=Phase.COLONNES, status=JobStatus.FINI, *, ago):
    raw = b"Titre;Ville\nCours;Caen\n"
    structure = by.memberships[0].organisme
    where = structure.territoire_id
    name = uploads.keep(io.BytesIO(raw))
    job = create_job(db.session(), by, ImportKind.REPONSES, "f.csv", name, {}, organisme=structure, territoire_id=where)
    job.phase, job.status, job.moved_at = phase, status, now() - ago
    db.session.commit()
    return job.id, uploads.path_of(name)


def test_files_of_old_imports_are_forgotten_and_their_reports_stay(app):
    nadia = make.provider()
    old, gone = kept_import(nadia, ago=KEPT + timedelta(minutes=1))
    stuck, _ = kept_import(nadia, Phase.LECTURE, JobStatus.EN_COURS, ago=KEPT + timedelta(days=3))
    young, stays = kept_import(nadia, ago=KEPT - timedelta(minutes=1))
    result = app.test_cli_runner().invoke(args=["jobs", "run", "conservation"])
    assert result.exit_code == 0, result.output
    db.session.expire_all()
    assert (gone.exists(), stays.exists()) == (False, True)
    assert [db.session.get_one(ImportJob, id_).stored == "" for id_ in (old, stuck, young)] == [True, True, False]
    run()
    visitor = Visitor(app, nadia)
    assert "n’est plus gardé" in visitor.see(f"/import/{old}").text
    assert "n’est plus gardé" in visitor.see(f"/import/{stuck}").text
    assert "Que disent les colonnes" in visitor.see(f"/import/{young}").text
