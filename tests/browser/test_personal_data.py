"""One's data in a real browser: read, taken away, erased; accessible at both widths."""

from __future__ import annotations

import pytest
from flask import Flask

from backoffice.core.extensions import db
from backoffice.models import User
from tests.support import factories as make
from workflows.privacy.holding import ERASED

from .conftest import PHONE, WIDE, NewPerson


@pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")])
def test_somebody_reads_the_rules_takes_their_data_and_leaves(app: Flask, someone: NewPerson, size) -> None:
    person = make.provider()
    id_, email = person.id, person.email
    db.session.remove()
    nadia = someone(size)
    nadia.open("/confidentialite")
    nadia.title("Confidentialité")
    nadia.login(email)
    nadia.open("/mes-donnees/")
    with nadia.page.expect_download() as download:
        nadia.page.get_by_role("link", name="Télécharger mes données").click()
    assert download.value.suggested_filename == "mes-donnees-relais.zip"
    nadia.press("Effacer mon compte")
    nadia.reads("Cochez la case")
    nadia.page.get_by_label("J’ai compris").check()
    nadia.write(nadia.page, "Votre mot de passe", "un-autre-mot-de-passe")
    nadia.press("Effacer mon compte")
    nadia.reads("Ce n’est pas le bon mot de passe")
    nadia.write(nadia.page, "Votre mot de passe", make.PASSWORD)
    nadia.press("Effacer mon compte")
    nadia.reads("Le compte est effacé")
    assert db.session.get_one(User, id_).name == ERASED
