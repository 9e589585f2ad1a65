"""Several flows at once on several real workers; one that is killed leaves nothing half-written."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from lxml import etree
from rq import Worker
from rq.job import Job
from sqlalchemy import select

from backoffice.core.extensions import db, folders
from backoffice.models import Flux, FluxRun, RevisionState, RunState
from exports.flux.build import find, full
from tests.support import factories as make
from tests.support.validators import valid_for_all
from workflows.flux import runs as flux_runs

from .test_jobs import environment, redis_queue, worker  # noqa: F401 - a fixture

pytestmark = [pytest.mark.redis, pytest.mark.committed]

WORKERS = 3
CODES = ("normandie", "bretagne", "grand-est", "occitanie", "france", "asl", "oepre", "bpi", "etat")
"""One flow for each territoire that has fiches, then finer choices among all of them."""

SLOW = """
import time
from backoffice.core.extensions import jobs
from backoffice.web.factory import create_app
from exports.flux import published
from workflows.work.jobs import work
plenty = published.as_of
def slow(session, flux, at):
    for piece in plenty(session, flux, at):
        for _ in range(3000):
            yield piece
        time.sleep(120)
published.as_of = slow
app = create_app()
with app.app_context():
    work({queue!r})
"""


def until(true: Callable[[], Any], what: str, patience: float = 60) -> Any:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} : rien en {patience} s")


@contextmanager
def processes(app, count: int, command: list[str]) -> Iterator[list[subprocess.Popen]]:
    """Processes of their own, each the head of its group, ended with all their children."""
    started = [subprocess.Popen(command, env=environment(app), start_new_session=True) for _ in range(count)]
    try:
        yield started
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait(30)


@pytest.fixture
def fluxes(app, tmp_path, monkeypatch):
    """Fiches in four territoires, and the flows that take them."""
    monkeypatch.setattr(folders, "flux", tmp_path / "flux")
    provider = make.provider()
    for slug, town in (("normandie", "14118"), ("bretagne", "35238"), ("grand-est", "67482"), ("occitanie", "31555")):
        moderator = make.moderator(f"Modération {slug}", slug)
        for rank in range(4):
            content = make.content_in(town, f"Atelier {rank} de {slug}")
            make.fiche_in(RevisionState.VALIDEE, provider, moderator, content)
    choices = ({"dispositifs": ["ASL"]}, {"dispositifs": ["OEPRE"]}, {"publics": ["81042"]}, {"financeurs": ["19"]})
    for code, choice in zip(CODES[5:], choices, strict=True):
        db.session.add(Flux(code=code, title=code, **choice))
    db.session.commit()


def ask(*codes: str) -> list[int]:
    """Asks for these flows; no test transaction stays open while the workers write."""
    runs = [flux_runs.ask(db.session(), find(db.session(), code)) for code in codes]
    db.session.commit()
    ids = [run.id for run in runs]
    for effect in db.session.info.pop("relais_after_commit"):
        effect()
    db.session.remove()
    return ids


def states(ids: list[int]) -> dict[int, RunState]:
    found = dict(db.session.execute(select(FluxRun.id, FluxRun.state).where(FluxRun.id.in_(ids))).all())
    db.session.remove()
    return found


def all_over(ids: list[int]) -> bool:
    return not {RunState.EN_ATTENTE, RunState.EN_COURS} & set(states(ids).values())


@pytest.mark.usefixtures("shared", "xmllint")
@pytest.mark.committed
def test_several_flows_are_made_at_once_by_several_workers(app, redis_queue, fluxes, tmp_path):  # noqa: F811
    db.session.remove()
    with processes(app, WORKERS, worker(redis_queue)):
        until(lambda: len(Worker.all(queue=redis_queue)) == WORKERS, "les travailleurs")
        ids = ask(*CODES * 2)
        until(lambda: all_over(ids), "les flux")
        until(lambda: not redis_queue.started_job_registry.get_job_ids(), "la fin des travaux")
    done = redis_queue.finished_job_registry.get_job_ids()
    jobs = [job for job in Job.fetch_many(done, redis_queue.connection, redis_queue.serializer) if job]
    made = [job for job in jobs if job.args[0] == flux_runs.JOB]  # each then asks for the map
    assert len(made) == len(ids)
    makers = {job.worker_name for job in made}
    assert len(makers) == WORKERS
    for run in db.session.scalars(select(FluxRun).where(FluxRun.id.in_(ids))):
        assert run.state is (RunState.VIDE if run.flux.code == "oepre" else RunState.REUSSI), run.message
        if run.state is RunState.REUSSI:
            check_whole(run, tmp_path / "seul.xml.gz")


def check_whole(run: FluxRun, alone) -> None:
    """The file of a run, byte for byte what one process alone writes of the same moment."""
    file = flux_runs.folder_of(run.flux.code) / run.file
    full(db.session(), run.flux, alone, at=run.at)
    assert file.read_bytes() == alone.read_bytes()
    valid_for_all(file)
    plain = file.with_suffix("").read_bytes()
    assert gzip.decompress(file.read_bytes()) == plain
    assert len(etree.fromstring(plain).findall(".//{*}formation")) == run.done


@pytest.mark.committed
def test_two_flows_overlap_in_time_on_two_workers(app, redis_queue, fluxes):  # noqa: F811
    """Each waits long in the middle of its file: both are then under way together."""
    db.session.remove()
    with processes(app, 2, slow(redis_queue)) as started:
        ids = ask("normandie", "bretagne")
        until(lambda: set(states(ids).values()) == {RunState.EN_COURS}, "deux fabrications ensemble")
        kill(started)
    assert set(states(ids).values()) == {RunState.EN_COURS}


@pytest.mark.committed
def test_a_killed_worker_leaves_no_partial_file_and_its_run_is_made_again(app, redis_queue, fluxes):  # noqa: F811
    db.session.remove()
    (first,) = ask("normandie")
    work_all(app, redis_queue)
    good = files("normandie")
    assert states([first]) == {first: RunState.REUSSI}
    with processes(app, 1, slow(redis_queue)) as started:
        (killed,) = ask("normandie")
        until(lambda: written(killed) >= 100, "un flux à moitié écrit")
        kill(started)
    assert files("normandie") == good
    run = db.session.get_one(FluxRun, killed)
    until(lambda: flux_runs.interrupted(run), "la fin du travailleur")
    db.session.rollback()
    flux_runs.ask_again(db.session(), run)
    db.session.commit()
    for effect in db.session.info.pop("relais_after_commit"):
        effect()
    work_all(app, redis_queue)
    assert states([killed]) == {killed: RunState.REUSSI}
    assert {name for name, _ in good} < {name for name, _ in files("normandie")}


def slow(queue) -> list[str]:
    return [sys.executable, "-c", SLOW.format(queue=queue.name)]


def kill(started: list[subprocess.Popen]) -> None:
    """As when a machine loses its power: the worker and what it is doing."""
    for process in started:
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False)
        for pid in (process.pid, *map(int, children.stdout.split())):
            os.kill(pid, signal.SIGKILL)


def work_all(app, queue) -> None:
    db.session.remove()
    subprocess.run([*worker(queue), "--burst"], env=environment(app), check=True, timeout=60)


def written(run_id: int) -> int:
    done = db.session.scalar(select(FluxRun.done).where(FluxRun.id == run_id))
    db.session.remove()
    return done or 0


def files(code: str) -> list[tuple[str, datetime]]:
    """Names and times of what lies in the folder of a flow."""
    folder = flux_runs.folder_of(code)
    return sorted((path.name, path.stat().st_mtime_ns) for path in folder.iterdir() if path.name != ".lock")
