"""The pages that follow the flows, the fast lane, the open data: at both widths, in their good and wrong states."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice.core.extensions import db, folders
from backoffice.models import Flux, FluxRun, Fragment, RevisionState, RunState
from tests.support import factories as make
from workflows.flux import runs

from .conftest import PHONE, WIDE, NewPerson
from .test_pages import Size, committed

pytestmark = pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")])


@pytest.fixture(autouse=True)
def flows(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "flux", tmp_path / "flux")


def test_an_administrator_follows_the_flows(app: Flask, someone: NewPerson, size: Size) -> None:
    make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator())
    (email,) = committed(make.administrator())
    alma = someone(size)
    alma.login(email)
    alma.follow("Flux LHEO")
    alma.title("Flux LHEO")
    alma.follow("Offre de formation linguistique, Normandie")
    alma.reads("Aucun flux n’a encore été publié.")
    alma.press("Faire le flux complet")
    alma.reads("Réussie")
    alma.follow("Offre de formation linguistique, Normandie")
    alma.write(alma.page, "Depuis quand", "la semaine dernière")
    alma.press("Faire le flux différentiel")
    alma.reads("Écrivez un jour et une heure")
    alma.write(alma.page, "Qui lira ce flux", "Base nationale")
    alma.page.once("dialog", lambda dialog: dialog.accept())  # the refused moment would be lost: it is asked
    alma.press("Donner une clé")
    alma.reads("elle ne sera plus jamais montrée")
    alma.press("Retirer la clé de Base nationale")
    alma.reads("n’ouvre plus ce flux")
    alma.write(alma.page, "Nombre de flux passés à garder", "9999")
    alma.press("Enregistrer les réglages")
    alma.reads("Rien n’a été enregistré")
    alma.open("/administration/flux/nouveau")
    alma.press("Créer ce flux")
    alma.reads("Donnez un code à ce flux.")
    db.session.execute(update(Fragment).values(sha256="0" * 64))
    db.session.commit()
    db.session.remove()
    alma.open("/administration/flux/")
    alma.follow("Offre de formation linguistique, Normandie")
    alma.press("Faire le flux complet")
    alma.reads("n’est plus celui qui a été validé")
    alma.follow("Offre de formation linguistique, Normandie")
    alma.reads("La dernière fabrication n’a pas abouti")
    alma.open("/administration")
    alma.reads("Des flux n’ont pas pu être faits")


def test_the_progress_of_a_run_is_followed_without_being_asked(app: Flask, someone: NewPerson, size: Size) -> None:
    flux_id = db.session.scalars(select(Flux.id).where(Flux.code == "normandie")).one()
    run = FluxRun(flux_id=flux_id, state=RunState.EN_COURS, done=40, total=100)
    db.session.add(run)
    db.session.commit()
    run_id = run.id
    (email,) = committed(make.administrator())
    folder = runs.folder_of("normandie")
    folder.mkdir(parents=True)
    alma = someone(size)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        alma.login(email)
        alma.open(f"/administration/flux/fabrications/{run_id}")
        alma.reads("40 fiches sur 100")
        progress(run_id, done=80)
        alma.reads("80 fiches sur 100")
        alma.press("Arrêter")
        alma.reads("L’arrêt est demandé.")
        progress(run_id, state=RunState.ARRETE, message="Arrêté à la demande.")
        alma.reads("Arrêté à la demande.")
        alma.look()
    alma.page.get_by_role("button", name="Recommencer").wait_for()


def progress(run_id: int, **values: object) -> None:
    db.session.execute(update(FluxRun).where(FluxRun.id == run_id).values(**values))
    db.session.commit()
    db.session.remove()


def test_places_and_dates_in_two_clicks(app: Flask, someone: NewPerson, size: Size) -> None:
    provider = make.provider()
    fiche = make.fiche_in(RevisionState.VALIDEE, provider, make.moderator())
    email, fiche_id = committed(provider, fiche)
    nadia = someone(size)
    nadia.login(email)
    nadia.page.get_by_role("link", name="Dire les places libres").click()
    nadia.look()
    nadia.page.get_by_role("button", name="C’est complet").click()
    nadia.look()
    nadia.reads("Le prochain flux le dira")
    nadia.reads("Complet ou inscriptions closes, 0 place libre")
    nadia.write(nadia.page, "Places encore libres", "quelques-unes")
    save = nadia.page.get_by_role("button", name="Enregistrer")
    save.click()
    nadia.look()
    nadia.reads("n’est pas un nombre entier")
    nadia.page.get_by_label("Places encore libres").fill("3")
    fold = nadia.fold("Décaler les dates")
    nadia.look()
    fold.get_by_label("Premier jour").fill("2027-01-10")
    save.click()
    nadia.look()
    nadia.reads("21 jours au plus")
    nadia.open(f"/fiches/{fiche_id}")


def test_the_page_of_open_data(app: Flask, someone: NewPerson, size: Size) -> None:
    passer = someone(size)
    passer.open("/api")
