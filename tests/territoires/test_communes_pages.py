"""Finding a commune without JavaScript: by its name, misspelt too, or by its code; overseas as well."""

from __future__ import annotations

import pytest

from backoffice.core.extensions import db
from backoffice.models import Dispositif
from backoffice.queries.territoires.communes import MOST, communes_of
from tests.support.pages import open_step, stored
from tests.support.visitor import Visitor
from workflows.fiches import operations

VILLE, CODE = "structure-adresse-ville", "structure-adresse-code_postal"


@pytest.fixture
def visitor(app, nadia):
    return Visitor(app, nadia)


@pytest.fixture
def empty(nadia):
    fiche = operations.create_fiche(db.session(), nadia.memberships[0].organisme, Dispositif.ASL, nadia)
    db.session.commit()
    return fiche


FOUND = {
    "caen": ("Caen", "14000"),
    "CAEN": ("Caen", "14000"),
    "Cherbourg en Cotentin": ("Cherbourg-en-Cotentin", "50100"),
    "st lo": ("Saint-Lô", "50000"),
    "saint lo": ("Saint-Lô", "50000"),
    "evreux": ("Évreux", "27000"),
    "Sottevile lès Rouen": ("Sotteville-lès-Rouen", "76300"),
    "montpelier": ("Montpellier", "34000"),
    "strasbour": ("Strasbourg", "67000"),
    "fort de france": ("Fort-de-France", "97200"),
    "noumea": ("Nouméa", "98800"),
    "97400": ("Saint-Denis", "97400"),
    "paris": ("Paris", "75001"),
    "2A004": ("Ajaccio", "20000"),
    "zzzzzz": None,
    "%": None,
    "_": None,
    "": None,
}


@pytest.mark.parametrize(("typed", "expected"), FOUND.items(), ids=[repr(text) for text in FOUND])
def test_what_a_name_or_a_code_may_mean(app, typed, expected):
    found = [(commune.nom, code) for commune, code in communes_of.like(typed)]
    assert len(found) <= MOST
    assert (found[0] if found else None) == expected


def test_the_suggestions_are_the_same(visitor):
    assert visitor.get("/communes?q=st lo").json[0] == {"ville": "Saint-Lô", "code_postal": "50000"}


@pytest.mark.parametrize(
    ("town", "code", "expected"),
    [
        ("Évreux", "", ("Évreux", "27000")),
        ("evreux", "", ("Évreux", "27000")),
        ("Caenn", "14000", ("Caen", "14000")),
        ("", "14000", ("Caen", "14000")),
        ("Caen (14000)", "", ("Caen", "14000")),
        ("14000 caen", "", ("Caen", "14000")),
        ("14000", "", ("Caen", "14000")),
        ("Nouméa", "98800", ("Nouméa", "98800")),
    ],
)
def test_the_name_finds_the_code_and_the_code_finds_the_name(visitor, empty, town, code, expected):
    page = open_step(visitor, empty, "structure").type({VILLE: town, CODE: code}).send(follow=False)
    assert page.status == 303
    adresse = stored(empty).structure.adresse
    assert (adresse.ville, adresse.code_postal) == expected
    assert adresse.code_insee
    assert adresse.departement


def test_a_name_that_several_towns_have_is_offered_as_buttons_and_one_press_chooses(visitor, empty):
    page = open_step(visitor, empty, "structure").type({VILLE: "Saint-Aubin", "structure-nom": "Mon association"})
    page = page.send(ligne="chercher:structure-adresse")
    assert page.status == 200
    choices = [
        str(value) for value in page.dom.xpath("//button[starts-with(@value, 'commune:structure-adresse:')]/@value")
    ]
    assert 1 < len(choices) <= MOST
    assert len({choice.split(":")[2] for choice in choices}) > 1
    assert page.shown(VILLE) == ["Saint-Aubin"]
    page = page.send(ligne=choices[1])
    adresse = stored(empty).structure.adresse
    assert choices[1] == f"commune:structure-adresse:{adresse.code_postal}:{adresse.ville}"
    assert adresse.code_insee
    assert stored(empty).structure.nom == "Mon association"
    assert "Communes possibles" not in page.text


def test_a_wrong_town_keeps_what_was_typed_and_offers_others(visitor, empty):
    page = open_step(visitor, empty, "structure").type({VILLE: "Lyon", CODE: "14000"}).send(follow=False)
    assert page.status == 422
    assert page.shown(VILLE) == ["Lyon"]
    assert page.dom.xpath("//button[starts-with(@value, 'commune:structure-adresse:69')]")


@pytest.mark.parametrize(
    "order",
    [
        "commune:",
        "commune:x",
        "commune:structure-nom:1:2",
        "commune:a:b:c:d",
        "chercher:",
        "commune:lieux-9-adresse:14000:Caen",
    ],
)
def test_a_tampered_order_changes_nothing(visitor, empty, order):
    before = stored(empty)
    assert open_step(visitor, empty, "structure").send(follow=False, ligne=order).status == 303
    assert stored(empty) == before
