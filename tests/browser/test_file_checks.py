"""Checking an LHEO file in a real browser: two widths, with and without JavaScript."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from backoffice.core.extensions import db
from tests.support import factories as make
from tests.support.formations import document, formation

from .conftest import PHONE, WIDE, NewPerson


@pytest.mark.parametrize(
    ("size", "scripted"),
    [
        pytest.param(WIDE, True, id="1280px"),
        pytest.param(PHONE, True, id="390px"),
        pytest.param(PHONE, False, id="390px-sans-javascript"),
    ],
)
def test_a_file_is_checked_corrected_and_checked_again(
    app: Flask, someone: NewPerson, tmp_path: Path, size: dict[str, int], scripted: bool
) -> None:
    email = make.provider().email
    db.session.remove()
    file = tmp_path / "flux.xml"
    good = document(formation(), formation())
    file.write_text(good.replace("<certifiante>0", "<certifiante>7").replace("<prix-total-TTC>0</prix-total-TTC>", ""))
    person = someone(size, scripted=scripted)
    person.login(email)
    person.follow("Vérifier un fichier LHEO")
    person.title("Vérifier un fichier LHEO")
    person.page.get_by_label("Fichier à vérifier").set_input_files(file)
    person.press("Vérifier")
    person.title("Vérification de flux.xml")
    person.reads("2 fautes à corriger, de 1 sorte.")
    person.reads("Choisissez parmi 0, 1.")
    person.reads("Coût inconnu")
    person.fold("Les lignes")
    person.fold("Voir le taux de remplissage")
    person.look()
    with person.page.expect_download() as download:
        person.page.get_by_role("link", name="Télécharger le rapport (JSON)").click()
    assert download.value.suggested_filename == "rapport-lheo.json"
    file.write_text(good)
    person.follow("Vérifier un autre fichier")
    person.page.get_by_label("Fichier à vérifier").set_input_files(file)
    person.press("Vérifier")
    person.reads("Aucune faute")
    person.follow("Éléments de LHEO 2.3")
    person.title("Les éléments de LHEO 2.3")
