"""A funder's list of 300 grants: imported, settled, and the address of one confirmed by the link in its e-mail."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from stdnum import luhn

from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import Convention, RevisionState
from forms.conventions.grant_table import COLUMNS
from tests.conventions.test_conventions import link_to
from tests.support import factories as make
from workflows.conventions import operations

from .conftest import PHONE, WIDE, NewPerson
from .test_pages import Size, committed

pytestmark = [
    pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")]),
    pytest.mark.at("2026-11-16T10:00"),  # the grants are those of 2026
]

FAULTS = (
    {"reference": ""},
    {"siret": "77897285100067"},
    {"siret": "", "nom": ""},
    {"departement": "75"},
    {"departement": ""},
    {"programme": "BOP 999"},
    {"annee": "vingt-six"},
    {"montant": "beaucoup"},
    {"montant": "-5"},
    {"contact_pne": "sans arobase"},
    {"bpi": "peut-être"},
    {"reference": "2026-104-0001"},
)
"""What is wrong in twelve lines; the last one says the first line again."""
DOUBTS = ("Ateliers du Vallon", "La Maison des langue", "Parler ensembl", "Mots du marchés", "Le pont des mot")
KNOWN = ("Ateliers du Val", "La Maison des langues", "Parler ensemble", "Mots du marché", "Le pont des mots")


def siret(number: int) -> str:
    siren = f"{number:08d}"
    siren += luhn.calc_check_digit(siren)
    return f"{siren}0001{luhn.calc_check_digit(f'{siren}0001')}"


def lines() -> Iterator[dict[str, str]]:
    """300: 283 that a SIRET decides, 5 of a name alone, 12 faulty."""
    for rank in range(1, 301):
        line = {
            "reference": f"2026-104-{rank:04d}",
            "siret": siret(73_282_932 + rank % len(KNOWN)),
            "nom": KNOWN[rank % len(KNOWN)],
            "departement": "14",
            "programme": "BOP 104",
            "annee": "2026",
            "montant": f"{rank * 10},50",
            "contact_pne": f"enquete{rank}@structure.example",
            "bpi": "oui",
        }
        if 100 < rank <= 100 + len(DOUBTS):
            line |= {"siret": "", "nom": DOUBTS[rank - 101]}
        elif 200 < rank <= 200 + len(FAULTS):
            line |= FAULTS[rank - 201]
        yield line


def a_list(folder: Path) -> Path:
    """As Excel in French saves it."""
    file = folder / "conventions.csv"
    with file.open("w", encoding="cp1252", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow([column.header for column in COLUMNS])
        writer.writerows([[line.get(column.key, "") for column in COLUMNS] for line in lines()])
    return file


def test_from_the_list_to_a_confirmed_address(app: Flask, someone: NewPerson, size: Size, tmp_path: Path) -> None:
    for rank, name in enumerate(KNOWN):
        make.organisme(name).siret = siret(73_282_932 + rank)
    (email,) = committed(make.funder())
    flora = someone(size)
    flora.login(email)
    flora.open("/conventions/import/")
    flora.page.get_by_label("Le fichier", exact=True).set_input_files(a_list(tmp_path))
    flora.press("Lire le fichier")
    flora.title("Ce que ferait l’import")
    flora.reads("Nouvelles conventions : 288")
    flora.reads("Lignes à corriger : 12")
    for rank in range(len(FAULTS)):
        flora.reads(f"Ligne {202 + rank}")
    flora.page.set_default_timeout(60_000)  # each of the 288 lines is a transaction of its own
    flora.press("Importer ces conventions")
    flora.title("Résultat de l’import")
    flora.follow("Reconnaître les structures (5)")
    flora.title("Structures à reconnaître")
    for said, meant in zip(DOUBTS, KNOWN, strict=True):
        flora.page.get_by_role("group", name=said).get_by_label(meant).first.check()
    flora.press("Enregistrer ces choix")
    flora.reads("Toutes les structures de vos conventions sont reconnues.")
    assert db.session.query(Convention).filter(Convention.organisme_id.is_(None)).count() == 0
    db.session.rollback()  # a test that reads holds what the site wants to write
    flora.open("/conventions/enquete/?annee=2026&contact=a_confirmer")
    flora.page.get_by_label("Choisir 2026-104-0001").check()
    flora.tick(flora.page, "Pour les conventions cochées, noter :", "Demander la confirmation de l’adresse")
    flora.press("Noter pour les conventions cochées")
    anybody = someone(size)
    anybody.open(f"/adresse-{link_to('enquete1@structure.example')}")
    anybody.press("Oui, c’est la bonne adresse")
    anybody.reads("l’adresse est confirmée")
    flora.open("/conventions/?q=2026-104-0001")
    flora.page.get_by_role("main").get_by_role("link", name="2026-104-0001").click()
    flora.look()
    flora.reads("Confirmée")


def test_what_a_structure_and_its_funder_see_of_a_project(app: Flask, someone: NewPerson, size: Size) -> None:
    structure = make.organisme()
    nadia, flora, marc = make.provider("Nadia Exemple", structure), make.funder(), make.moderator()
    made = make.convention(flora, structure, contact_pne="nadia@gmail.com")
    fiche = make.fiche_in(RevisionState.SOUMISE, nadia, marc)
    with atomic() as session:
        operations.tie(session, nadia, made.id, fiche)
    number, entry = made.id, fiche.id
    theirs, funds = committed(nadia, flora)
    person = someone(size)
    person.login(theirs)
    person.follow("Mes subventions")
    person.reads("Il vous reste à")
    person.follow("Convention 2026-104-0001")
    person.page.locator("#refugies_info summary", has_text="Déclarer").click()
    person.write(person.page, "Adresse de la page sur Réfugiés.info", "https://exemple.fr")
    person.press("Déclarer")
    person.reads("Ce n’est pas l’adresse d’une page")
    person.write(
        person.page,
        "Adresse de la page sur Réfugiés.info",
        "https://refugies.info/fr/dispositif/63fdc0c7f40b1a0013d5a1c4",
    )
    person.press("Déclarer")
    person.reads("C’est noté")
    person.open(f"/fiches/{entry}")
    person.reads("Cette action est financée par")
    funder = someone(size)
    funder.login(funds)
    for path in (
        f"/conventions/{number}",
        f"/conventions/{number}/refugies-info",
        f"/conventions/{number}/fiches/{entry}",
        f"/conventions/{number}/modifier",
        f"/conventions/rattachements/{number}?q=centre",
        "/conventions/nouvelle",
        "/conventions/enquete/",
        "/conventions/rattachements/",
    ):
        funder.open(path)
    funder.open("/conventions/nouvelle")
    funder.press("Enregistrer la convention")
    funder.reads("Tout ce que vous avez écrit est gardé")
