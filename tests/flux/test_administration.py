"""The administrator follows the flows: what failed is seen, a run is started, stopped, begun again, keys are given."""

from __future__ import annotations

import fcntl
import re
from contextlib import contextmanager

import pytest
from sqlalchemy import select, update

from backoffice.core.dates import PARIS
from backoffice.core.extensions import db, folders
from backoffice.core.passwords import token_hash
from backoffice.core.snapshot import snapshot
from backoffice.models import (
    Fiche,
    Flux,
    FluxKind,
    FluxRun,
    FluxToken,
    Fragment,
    Mail,
    RevisionState,
    RunState,
    User,
)
from exports.flux.build import find
from tests.support import factories as make
from tests.support.statements import statements
from tests.support.visitor import Visitor
from workflows.flux import runs

pytestmark = pytest.mark.committed


@pytest.fixture
def alma(app, tmp_path, monkeypatch):
    """The administrator, on one published fiche of Normandie."""
    monkeypatch.setattr(folders, "flux", tmp_path / "flux")
    make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator())
    return Visitor(app, make.administrator())


@pytest.fixture
def normandie(alma):
    return db.session.scalars(select(Flux.id).where(Flux.code == "normandie")).one()


def page(flux_id):
    return f"/administration/flux/{flux_id}"


def last_run():
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(FluxRun).order_by(FluxRun.id.desc())).first()


def start(alma, flux_id, **fields):
    alma.see(page(flux_id))
    return alma.post(f"{page(flux_id)}/lancer", fields)


def spoil():
    """From now on no flow passes its check."""
    db.session.execute(update(Fragment).values(sha256="0" * 64))
    db.session.commit()


def test_a_flow_is_made_now_and_its_file_is_there(alma, normandie):
    answer = start(alma, normandie)
    run = last_run()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/administration/flux/fabrications/{run.id}")
    assert (run.state, run.kind, run.done) == (RunState.REUSSI, FluxKind.COMPLET, 1)
    seen = alma.see(f"/administration/flux/fabrications/{run.id}").text
    assert "Réussie" in seen
    assert run.sha256 in seen
    assert "data-suivi" not in seen
    file = alma.get(f"/administration/flux/fabrications/{run.id}/fichier", buffered=True)
    assert (file.status_code, len(file.data)) == (200, run.size)
    assert "1 fiche" in alma.see("/administration/flux/").text


def test_a_differential_is_made_since_a_moment_of_paris(alma, normandie):
    start(alma, normandie)
    since = last_run().at.astimezone(PARIS).replace(tzinfo=None)
    start(alma, normandie, depuis=since.isoformat())
    run = last_run()
    assert (run.kind, run.state) == (FluxKind.DIFFERENTIEL, RunState.VIDE)
    start(alma, normandie, depuis="2020-01-01 06:00")
    run = last_run()
    assert (run.kind, run.state, run.done) == (FluxKind.DIFFERENTIEL, RunState.REUSSI, 1)
    assert run.file.startswith("differentiel-")
    manifest = alma.get("/flux/normandie/manifeste.json", headers={"Authorization": "Bearer x"})
    assert manifest.status_code == 401
    current = (folders.flux / "normandie" / "manifeste.json").read_text()
    assert '"kind": "complet"' in current, "un différentiel ne remplace pas le flux servi"


def test_a_differential_of_departures_only_keeps_its_manifest(alma, normandie):
    since = snapshot(db.session())
    fiche = db.session.scalars(select(Fiche)).one()
    make.step(fiche, "suspendre", db.session.scalars(select(User).where(User.name == "Marc Modèle")).one(), "Faux.")
    start(alma, normandie, depuis=since.isoformat())
    run = last_run()
    assert (run.state, run.done) == (RunState.REUSSI, 0)
    assert run.file.endswith(".manifest.json")
    assert "1 retraits" in run.message
    assert fiche.numero in alma.get(f"/administration/flux/fabrications/{run.id}/fichier", buffered=True).text


@pytest.mark.parametrize("depuis", ["hier", "2026-13-01", "2999-01-01", "\x00", "😀"])
def test_a_moment_that_cannot_be_understood_is_kept_and_said_at_its_field(alma, normandie, depuis):
    answer = start(alma, normandie, depuis=depuis)
    assert answer.status_code == 422
    assert 'id="depuis-erreur"' in answer.text
    assert last_run() is None


def test_a_flow_that_fails_its_check_is_seen_everywhere_and_the_last_good_one_stays(alma, normandie):
    start(alma, normandie)
    good = last_run()
    spoil()
    start(alma, normandie)
    failed = last_run()
    assert failed.state is RunState.ECHOUE
    for path in (
        "/administration",
        "/administration/flux/",
        page(normandie),
        f"/administration/flux/fabrications/{failed.id}",
    ):
        seen = alma.see(path).text
        assert "Échouée" in seen or "n’est plus celui qui a été validé" in seen, path
    assert good.sha256 in alma.see(page(normandie)).text
    db.session.execute(update(Flux).values(active=False))
    db.session.commit()
    assert "n’ont pas pu être faits" not in alma.see("/administration").text


def test_administrators_are_told_once_of_each_flow_that_fails(alma, normandie):
    start(alma, normandie)
    assert told() == []
    spoil()
    start(alma, normandie)
    path = f"/administration/flux/fabrications/{last_run().id}"
    (mail,) = told()
    assert mail.address == "alma.admin@exemple.fr"
    assert "Normandie" in mail.subject
    assert "n’est plus celui qui a été validé" in mail.text
    assert path in mail.text
    alma.see(path)
    alma.post(f"{path}/recommencer")
    assert len(told()) == 2


def told():
    db.session.rollback()
    return db.session.scalars(select(Mail).where(Mail.notice == "flux_en_echec").order_by(Mail.id)).all()


def test_a_run_that_works_is_followed_then_stopped(alma, normandie):
    run = FluxRun(flux_id=normandie, state=RunState.EN_COURS, done=40, total=100)
    db.session.add(run)
    db.session.commit()
    path = f"/administration/flux/fabrications/{run.id}"
    with working("normandie"):
        seen = alma.see(path).text
        assert "data-suivi" in seen
        assert "40 fiches sur 100" in seen
        assert alma.post(f"{path}/recommencer").status_code == 409
        assert alma.post(f"{path}/arreter").status_code == 303
        assert "L’arrêt est demandé" in alma.see(path).text
    assert last_run().stop_asked is True
    # Its process is gone: it is said so, here and on the first page, and it can be made again.
    assert "Interrompue" in alma.see(path).text
    assert "a été interrompue" in alma.see("/administration").text
    assert alma.post(f"{path}/recommencer").status_code == 303
    assert last_run().state is RunState.REUSSI


@contextmanager
def working(code):
    """As if another process were making this flow."""
    folder = runs.folder_of(code)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_what_is_over_is_not_stopped_and_what_succeeded_is_not_made_again(alma, normandie):
    start(alma, normandie)
    path = f"/administration/flux/fabrications/{last_run().id}"
    alma.see(path)
    for order in ("arreter", "recommencer"):
        answer = alma.post(f"{path}/{order}")
        assert answer.status_code == 409
        assert "rien n’a été changé" in answer.text
    assert last_run().state is RunState.REUSSI


# --- Keys -----------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_opens_its_flow_and_is_taken_back(app, alma, normandie):
    start(alma, normandie)
    alma.see(page(normandie))
    answer = alma.post(f"{page(normandie)}/cles", {"name": "  Base nationale "})
    key = re.search(r"Bearer ([\w-]{20,})", answer.text)[1]
    token = db.session.scalars(select(FluxToken)).one()
    assert (token.name, token.token_hash) == ("Base nationale", token_hash(key))
    assert key not in alma.see(page(normandie)).text
    reader = app.test_client()
    headers = {"Authorization": f"Bearer {key}"}
    assert reader.get("/flux/normandie/complet.xml", headers=headers, buffered=True).status_code == 200
    assert "Jamais" not in alma.see(page(normandie)).text
    assert alma.post(f"/administration/flux/cles/{token.id}/retirer").status_code == 303
    assert "Retirée" in alma.see(page(normandie)).text
    assert reader.get("/flux/normandie/complet.xml", headers=headers, buffered=True).status_code == 401


def test_two_readers_never_share_a_name(alma, normandie):
    alma.see(page(normandie))
    assert alma.post(f"{page(normandie)}/cles", {"name": "Base nationale"}).status_code == 200
    again = alma.post(f"{page(normandie)}/cles", {"name": "base NATIONALE"})
    assert (again.status_code, 'value="base NATIONALE"' in again.text) == (422, True)
    assert db.session.query(FluxToken).count() == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "\x00"])
def test_a_key_without_a_good_name_is_refused(alma, normandie, name):
    alma.see(page(normandie))
    assert alma.post(f"{page(normandie)}/cles", {"name": name}).status_code == 422
    assert db.session.query(FluxToken).count() == 0


# --- Definitions and settings --------------------------------------------------------------------------


GOOD = {"title": "ASL de Normandie", "code": "asl-normandie", "territoire": "0", "kept": "3", "active": "y"}


def test_a_new_flow_takes_what_its_definition_says(alma):
    alma.see("/administration/flux/nouveau")
    answer = alma.post("/administration/flux/nouveau", {**GOOD, "dispositifs": ["ASL", "OEPRE"], "financeurs": ["19"]})
    assert answer.status_code == 303
    flux = find(db.session(), "asl-normandie")
    assert (flux.dispositifs, flux.financeurs, flux.publics) == (["ASL", "OEPRE"], ["19"], [])
    assert (flux.territoire_id, flux.kept, flux.public, flux.active) == (None, 3, False, True)
    start(alma, flux.id)
    assert last_run().state is RunState.REUSSI


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 201),
        ("code", ""),
        ("code", "normandie"),
        ("code", "../ailleurs"),
        ("code", "Été"),
        ("code", "x" * 61),
        ("territoire", "999"),
        ("territoire", "partout"),
        ("kept", ""),
        ("kept", "beaucoup"),
        ("kept", "-1"),
        ("kept", "9" * 30),
        ("dispositifs", "CPF"),
        ("publics", "00000"),
    ],
)
def test_a_wrong_definition_is_refused_at_its_field_and_what_was_typed_stays(alma, field, value):
    before = db.session.query(Flux).count()
    alma.see("/administration/flux/nouveau")
    answer = alma.post("/administration/flux/nouveau", {**GOOD, "publics": "81042", field: value})
    assert answer.status_code == 422
    assert f'id="{field}-erreur"' in answer.text
    if field != "title":
        assert 'value="ASL de Normandie"' in answer.text
    if field != "publics":
        assert re.search(r'<input checked[^>]*value="81042"', answer.text)
    assert db.session.query(Flux).count() == before


def test_settings_change_and_the_definition_does_not(alma, normandie):
    alma.see(page(normandie))
    fields = {"title": "Normandie", "public": "y", "kept": "0", "code": "autre", "dispositifs": "OFII"}
    assert alma.post(f"{page(normandie)}/reglages", fields).status_code == 303
    flux = db.session.get_one(Flux, normandie, populate_existing=True)
    assert (flux.title, flux.public, flux.active, flux.kept) == ("Normandie", True, False, 0)
    assert (flux.code, flux.dispositifs) == ("normandie", [])
    assert alma.post(f"{page(normandie)}/reglages", {**fields, "kept": "trop"}).status_code == 422


def test_the_list_asks_the_base_as_often_whatever_the_number_of_runs(alma, normandie):
    counts = []
    for _ in range(2):
        with statements() as orders:
            assert alma.get("/administration/flux/").status_code == 200
        counts.append(len(orders))
        for code in ("normandie", "bretagne", "grand-est", "normandie"):
            db.session.add(FluxRun(flux_id=find(db.session(), code).id, state=RunState.ARRETE))
            db.session.commit()
    assert counts[0] == counts[1]
