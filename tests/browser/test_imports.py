"""The pages of an import, at both widths: accessible, and nothing wider than the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from backoffice.core.extensions import db
from backoffice.models import ImportJob, ImportKind, JobStatus
from tests.importing.test_imports import foreign_flow, start
from tests.importing.test_pages import ANSWER, answers
from tests.support import factories as make

from .conftest import PHONE, WIDE, NewPerson
from .test_pages import Size, committed

pytestmark = pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")])


def test_a_file_from_its_choice_to_its_fiches(app: Flask, someone: NewPerson, size: Size, tmp_path: Path) -> None:
    (email,) = committed(make.provider())
    bad, good = tmp_path / "photo.xml", tmp_path / "offre.xml"
    bad.write_bytes(b"rien")
    good.write_bytes(foreign_flow("Cours du matin", "Cours du soir").replace(b"20260915", b"202560212"))
    nadia = someone(size)
    nadia.login(email)
    nadia.open("/import/")
    nadia.page.get_by_label("Le fichier").set_input_files(bad)
    nadia.press("Lire le fichier")
    nadia.reads("n’a pas pu être lu")
    nadia.page.get_by_label("Le fichier").set_input_files(good)
    nadia.press("Lire le fichier")
    nadia.title("Ce que ferait l’import")
    nadia.reads("202560212")
    nadia.page.get_by_label("Importer cette ligne : Cours du soir").uncheck()
    nadia.press("Importer les lignes cochées")
    nadia.title("Résultat de l’import")
    nadia.follow("Voir la fiche", nadia.page.get_by_role("main"))
    nadia.title("Cours du matin")


def test_the_columns_of_a_form_and_the_progress(app: Flask, someone: NewPerson, size: Size, tmp_path: Path) -> None:
    by = make.provider()
    made = start(by, foreign_flow("Cours"), ImportKind.LHEO)
    db.session.get_one(ImportJob, made).status = JobStatus.EN_COURS
    db.session.commit()
    (email,) = committed(db.session.merge(by))
    table = tmp_path / "reponses.csv"
    table.write_bytes(answers(ANSWER))
    nadia = someone(size)
    nadia.login(email)
    nadia.open("/import/")
    nadia.page.get_by_label("Les réponses d’un formulaire en ligne").check()
    nadia.page.get_by_label("Le fichier").set_input_files(table)
    nadia.press("Lire le fichier")
    nadia.title("Que disent les colonnes ?")
    nadia.page.get_by_label("Comment s’appelle votre action ?").select_option(label="Intitulé")
    nadia.press("Lire le fichier")
    nadia.title("Ce que ferait l’import")
    nadia.open(f"/import/{made}")
    nadia.title("Lecture du fichier")
