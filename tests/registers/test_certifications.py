"""Finding an examination by its name, misspelt too, or by its number, without JavaScript; choosing none is fine."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backoffice.cli.seed import load_certifications
from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.core.text import search_key
from backoffice.models import Certification
from backoffice.models.values.numbers import certification
from backoffice.queries.registers.certifications import MOST, certifications
from backoffice.reference.certifications import read_certifications
from tests.support import factories as make
from tests.support.pages import open_step, stored
from tests.support.visitor import Visitor

EXAM, CODE = "formation-certification", "formation-code_certification"
AIMS = "formation-visees"


@pytest.fixture
def visitor(app, nadia):
    return Visitor(app, nadia)


@pytest.fixture
def fiche(nadia):
    return make.draft(nadia)


def numbered(label: str, code: str, until: date | None = None) -> Certification:
    """One as the import of the registers will write it; the number is invented."""
    made = Certification(label=label, search_name=search_key(label), code=code, valid_until=until)
    db.session.add(made)
    db.session.commit()
    return made


FOUND = {
    "delf a2": "DELF A2",
    "DELF A2": "DELF A2",
    "A2 delf": "DELF A2",
    "defl a2": "DELF A2",
    "dalf c1": "DALF C1",
    "diplome etudes langue b2": "DELF B2",
    "tcf irn": "TCF IRN",
    "Test de connaissance du francais": "TCF",
    "evaluation francais": "TEF",
    "cléa": "CléA",
    "clea numérique": "CléA numérique",
    "permis de conduire": None,
    "zzzz": None,
    "%": None,
    "a": None,
    "": None,
}


@pytest.mark.parametrize(("typed", "expected"), FOUND.items(), ids=[repr(text) for text in FOUND])
def test_what_a_name_may_mean(app, typed, expected):
    found = certifications.like(typed)
    assert len(found) <= MOST
    assert (found[0].label.split(" – ")[0] if found else None) == expected


@pytest.mark.parametrize("typed", ["RS9990001", "rs 9990001", "RS999"])
def test_by_its_number(app, typed):
    made = numbered("Examen inventé", "RS9990001")
    assert certifications.like(typed) == [made]


def test_of_a_name_that_had_several_numbers_only_the_valid_ones_are_offered(app):
    old, new = (
        numbered("Titre d’exemple du français", "90001"),
        numbered("Titre d’exemple du français, nouveau", "90002"),
    )
    old.active = False
    db.session.commit()
    assert [one.code for one in certifications.like("titre exemple")] == [new.code]
    assert [one.code for one in certifications.like(old.code)] == [new.code], "son successeur porte le même nom"
    assert not old.valid_on(date(2026, 11, 22)), "sans fin connue, le registre décide"


def test_the_file_is_read_whole_and_filled_once(app):
    rows = list(read_certifications())
    assert db.session.query(Certification).count() == len(rows) == len({row.label for row in rows})
    load_certifications()
    assert db.session.query(Certification).count() == len(rows)
    for row in rows:
        assert not row.code or certification(row.code) == row.code


def test_suggestions_are_the_same(visitor):
    found = visitor.get("/certifications?q=defl a2").json
    assert found[0] == {"libelle": "DELF A2 – Diplôme d’études en langue française", "code": "", "validite": ""}


def test_a_name_is_searched_then_chosen_without_javascript(visitor, fiche):
    numbered("Examen inventé de français", "RS9990001", date(2030, 12, 31))
    page = open_step(visitor, fiche, "publics").type({EXAM: "examen invente"}).send(ligne="examen:formation")
    assert page.status == 200
    assert "Examen inventé de français (RS9990001, valable jusqu’au 31/12/2030)" in page.words()
    (choice,) = page.buttons("certification:")
    page = page.send(ligne=choice)
    assert stored(fiche).formation.certification == "Examen inventé de français"
    assert stored(fiche).formation.code_certification == "RS9990001"
    assert "certification" in stored(fiche).formation.visees
    assert stored(fiche).formation.certifying
    assert page.buttons("certification:") == []
    assert "valable jusqu’au 31/12/2030" in page.words()


def test_a_number_brings_its_name(visitor, fiche):
    numbered("Examen inventé", "RS9990001")
    page = open_step(visitor, fiche, "publics").type({CODE: "rs 9990001"}).send(ligne="examen:formation")
    page.send(ligne=page.buttons("certification:")[0])
    assert stored(fiche).formation.certification == "Examen inventé"


def test_a_number_out_of_date_is_told(visitor, fiche):
    numbered("Examen inventé", "RS9990001", (now() - timedelta(30)).date())
    page = open_step(visitor, fiche, "publics").type({EXAM: "Examen inventé", CODE: "RS9990001"})
    page = page.send(ligne="examen:formation")
    assert "n’est pas valable aujourd’hui" in page.words()


def test_in_place_of_an_expired_one_its_successor_is_offered(visitor, fiche):
    numbered("Examen inventé – Diplôme", "RS9990001", (now() - timedelta(30)).date())
    new = numbered("Examen inventé – Diplôme", "RS9990002", (now() + timedelta(900)).date())
    for typed in ({EXAM: "examen invente"}, {CODE: "RS9990001"}):
        page = open_step(visitor, fiche, "publics").type(typed).send(ligne="examen:formation")
        assert page.buttons("certification:") == [f"certification:{new.id}"]
        open_step(visitor, fiche, "publics").type({EXAM: "", CODE: ""}).send(suite="relecture")


def test_one_s_own_words_are_kept_and_nothing_has_to_be_chosen(visitor, fiche):
    aims = ["sociale", "certification"]
    page = open_step(visitor, fiche, "publics").type({EXAM: "TCF, carte de résident", AIMS: aims}).send()
    assert page.status == 200
    assert stored(fiche).formation.certification == "TCF, carte de résident"
    open_step(visitor, fiche, "publics").type({EXAM: "", AIMS: ["sociale"]}).send()
    assert stored(fiche).formation.certification == ""


@pytest.mark.parametrize("order", ["certification:", "certification:999999", "certification:abc", "certification:1:2"])
def test_a_choice_that_does_not_exist_changes_nothing(visitor, fiche, order):
    page = open_step(visitor, fiche, "publics").type({EXAM: "mes mots"}).send(ligne=order)
    assert page.status == 200
    assert stored(fiche).formation.certification == "mes mots"
