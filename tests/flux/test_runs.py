"""A run of a flow: followed, stopped, started again, killed; several flows on several workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from backoffice.core.clock import now
from backoffice.core.extensions import db, folders
from backoffice.models import Fiche, Flux, FluxRun, Fragment, RevisionState, RunState
from backoffice.models.fiches.states import FicheState
from backoffice.queries.fiches.former_fragments import has_former_fragment
from exports.flux import published, writer
from exports.flux.build import find
from exports.fragment.build import CODE_VERSION, NotExportable
from tests.support import factories as make
from workflows.fiches import fragment_refresh
from workflows.flux import runs

pytestmark = pytest.mark.committed


@pytest.fixture
def people(app, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "flux", tmp_path / "flux")
    return make.provider(), make.moderator()


def asked(code="normandie"):
    run = runs.ask(db.session(), find(db.session(), code))
    db.session.info.clear()  # the test starts the job itself
    db.session.commit()
    return run


def files(code="normandie"):
    return sorted(path.name for path in (folders.flux / code).iterdir() if path.name != ".lock")


def test_a_run_publishes_a_flow_and_says_how_far_it_went(people):
    make.fiche_in(RevisionState.VALIDEE, *people)
    run = asked()
    runs.run(run.id)
    db.session.expire_all()
    assert (run.state, run.done, run.total) == (RunState.REUSSI, 1, 1)
    manifest = json.loads((folders.flux / "normandie" / "manifeste.json").read_text())
    assert (manifest["file"], manifest["sha256"], manifest["size"]) == (run.file, run.sha256, run.size)
    assert {run.file, run.file.removesuffix(".gz")} <= set(files())


def test_an_empty_flow_is_said_so_and_leaves_the_last_one(people):
    run = asked()
    runs.run(run.id)
    db.session.expire_all()
    assert run.state is RunState.VIDE
    assert files() == []


def test_a_run_that_is_done_is_not_done_again(people):
    make.fiche_in(RevisionState.VALIDEE, *people)
    run = asked()
    runs.run(run.id)
    before = files()
    runs.run(run.id)
    assert files() == before


def test_a_run_is_stopped_while_it_writes_and_can_be_started_again(people, monkeypatch):
    fiche = make.fiche_in(RevisionState.VALIDEE, *people)
    run = asked()
    run_id = run.id
    plenty = published.as_of

    def many(session, flux, at):
        (piece,) = plenty(session, flux, at)
        for rank in range(350):
            if rank == 120:
                runs._note(run_id, stop_asked=True)
            yield piece

    monkeypatch.setattr(published, "as_of", many)
    runs.run(run_id)
    db.session.expire_all()
    assert (run.state, files()) == (RunState.ARRETE, [])
    assert fiche.state is FicheState.PUBLIEE


def test_a_run_that_waits_is_stopped_at_once(people):
    make.fiche_in(RevisionState.VALIDEE, *people)
    run = asked()
    runs.ask_to_stop(db.session(), run)
    db.session.commit()
    runs.run(run.id)
    db.session.expire_all()
    assert run.state is RunState.ARRETE
    runs.ask_again(db.session(), run)
    db.session.info.clear()
    db.session.commit()
    runs.run(run.id)
    db.session.expire_all()
    assert run.state is RunState.REUSSI


def test_a_flow_that_fails_its_check_is_not_published_and_the_last_good_one_stays(people):
    make.fiche_in(RevisionState.VALIDEE, *people)
    runs.run(asked().id)
    good, manifest = files(), (folders.flux / "normandie" / "manifeste.json").read_text()
    db.session.execute(update(Fragment).values(sha256="0" * 64))
    db.session.commit()
    run = asked()
    runs.run(run.id)
    db.session.expire_all()
    assert run.state is RunState.ECHOUE
    assert "n’est plus celui qui a été validé" in run.message
    assert (files(), (folders.flux / "normandie" / "manifeste.json").read_text()) == (good, manifest)


def test_an_unforeseen_error_is_kept_with_the_run_and_let_through(people, monkeypatch):
    make.fiche_in(RevisionState.VALIDEE, *people)
    run = asked()

    def fail(*_args):
        raise OSError("disque plein")

    monkeypatch.setattr(writer, "stamp", fail)
    with pytest.raises(OSError, match="disque plein"):
        runs.run(run.id)
    db.session.expire_all()
    assert run.state is RunState.ECHOUE
    assert files() == []


def test_old_flows_are_retired_beyond_those_to_keep(people):
    make.fiche_in(RevisionState.VALIDEE, *people)
    db.session.query(Flux).filter_by(code="normandie").update({"kept": 2})
    db.session.commit()
    made = []
    for _ in range(5):
        run = asked()
        runs.run(run.id)
        db.session.expire_all()
        made.append(run.file)
    kept = [name for name in files() if name.endswith(".xml.gz")]
    assert kept == sorted(made)[-3:]
    assert len(files()) == 3 * 3 + 1


KILLED = """
import os, signal, sys
from backoffice.web.factory import create_app
from exports.flux import published
from workflows.flux import runs
app = create_app()
plenty = published.as_of
def slow(session, flux, at):
    for piece in plenty(session, flux, at):
        for _ in range(3000):
            yield piece
        print("ecrit", flush=True)
        import time; time.sleep(60)
published.as_of = slow
with app.app_context():
    runs.run(int(sys.argv[1]))
"""


def test_a_killed_run_leaves_no_partial_file_and_is_seen_as_interrupted(app, people):
    make.fiche_in(RevisionState.VALIDEE, *people)
    runs.run(asked().id)
    good = files()
    run = asked()
    run_id = run.id
    db.session.rollback()
    environment = {
        **os.environ,
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "SECRET_KEY": "cle-de-test",
        "RELAIS_DEMO": "1",
        "RELAIS_FLUX": str(folders.flux),
        "RELAIS_INSTANCE": str(folders.flux.parent),
    }
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(run_id)], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ecrit\n"
        run = db.session.get_one(FluxRun, run_id)
        assert runs.interrupted(run) is False
        db.session.rollback()
        process.send_signal(signal.SIGKILL)
    assert files() == good
    db.session.expire_all()
    assert (run.state, run.done >= 100) == (RunState.EN_COURS, True)
    assert runs.interrupted(run) is True
    result = app.test_cli_runner().invoke(args=["flux", "restart", str(run_id)])
    assert result.exit_code == 0, result.output
    db.session.expire_all()
    assert run.state is RunState.REUSSI


def test_two_runs_of_one_flow_wait_in_line(people):
    make.fiche_in(RevisionState.VALIDEE, *people)
    folder = runs.folder_of("normandie")
    entered = threading.Event()
    with runs._alone(folder):
        thread = threading.Thread(target=lambda: _enter(folder, entered))
        thread.start()
        time.sleep(0.2)
        assert not entered.is_set()
    thread.join(5)
    assert entered.is_set()


def _enter(folder, entered):
    with runs._alone(folder):
        entered.set()


# --- Stale fragments --------------------------------------------------------------------------------


def age(fiche):
    """As if an older export code had built what readers see."""
    db.session.execute(update(Fragment).where(Fragment.id == fiche.fragment_id).values(code_version=0))
    db.session.commit()
    db.session.expire_all()


def test_stale_fragments_are_built_again_before_a_flow_is_made(people):
    fiches = [make.fiche_in(RevisionState.VALIDEE, *people) for _ in range(3)]
    for fiche in fiches[:2]:
        age(fiche)
    assert fragment_refresh.stale(db.session()) == [fiche.id for fiche in fiches[:2]]
    runs.run(asked().id)
    db.session.expire_all()
    assert fragment_refresh.stale(db.session()) == []
    manifest = json.loads((folders.flux / "normandie" / "manifeste.json").read_text())
    assert manifest["code_versions"] == {str(CODE_VERSION): 3}


def test_a_fragment_built_again_keeps_the_date_of_its_last_fact(people):
    """Else every fiche would look changed to readers after each change of the export code."""
    fiche = make.fiche_in(RevisionState.VALIDEE, *people)
    before = fiche.fragment.xml
    age(fiche)
    with time_machine.travel(now() + timedelta(days=40), tick=False):
        assert fragment_refresh.refresh_stale(db.session()) == (1, [])
    assert fiche.fragment.xml == before


def test_what_the_present_code_refuses_keeps_its_fragment_and_is_reported(app, people, monkeypatch):
    fiche = make.fiche_in(RevisionState.VALIDEE, *people)
    age(fiche)
    before = fiche.fragment_id

    def refuse(*_args):
        raise NotExportable(())

    monkeypatch.setattr(fragment_refresh, "present_fragment", refuse)
    run = asked()
    runs.run(run.id)
    db.session.expire_all()
    assert (run.state, fiche.fragment_id) == (RunState.REUSSI, before)
    assert "gardent leur fragment" in run.message
    assert db.session.scalars(select(Fiche).where(has_former_fragment())).all() == [fiche]
    result = app.test_cli_runner().invoke(args=["flux", "refresh"])
    assert result.exit_code == 1
    assert str(fiche.id) in result.output


def test_the_command_for_a_plain_crontab_makes_every_active_flow(app, people):
    make.fiche_in(RevisionState.VALIDEE, *people)
    active = db.session.query(Flux).filter_by(active=True).count()
    result = app.test_cli_runner().invoke(args=["flux", "run"])
    assert result.exit_code == 0, result.output
    states = db.session.scalars(select(FluxRun.state)).all()
    assert (len(states), states.count(RunState.REUSSI)) == (active, 2)
    assert db.session.query(Fiche).count() == 1
