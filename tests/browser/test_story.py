"""The whole story in a real browser: typed, returned, corrected, approved, carried by a valid flow."""

from __future__ import annotations

import re
import subprocess
from datetime import time
from pathlib import Path

import pytest
from flask import Flask
from lxml import etree

from backoffice.core.extensions import db
from backoffice.models import Organisme
from tests.support import factories as make

from .conftest import PHONE, WIDE, NewPerson
from .person import Person
from .sample import Sample, lost
from .walks import GENERAL_EMAIL, Answers, Group, fill, new_fiche, to_step

REMARK = "Dites comment venir en bus.\nMerci !"
BUS = "Bus 604, arrêt Centre"

NOT_TAKEN = "action/session/adresse-inscription"
"""Its own words say that they are not to be taken."""

TWICE = (("mardi", time(9), time(11)), ("jeudi", time(9), time(11)))


@pytest.fixture
def people(app: Flask) -> tuple[str, str]:
    """E-mails of an association of the Grand Est, of which little is known, and of its moderator."""
    structure = Organisme(nom="Association à nommer", siret="", territoire_id=make.territoire("grand-est").id)
    db.session.add(structure)
    db.session.flush()
    emails = make.provider("Nadia Exemple", structure).email, make.moderator("Marc Modèle", "grand-est").email
    db.session.remove()  # SQLite has one writer at a time: the test leaves it to the server
    return emails


def flow_of(app: Flask, xmllint: str, schema: Path, folder: Path) -> etree._Element:
    """The flow of the Grand Est, built by the command and valid for the published schema."""
    file = folder / "grand-est.xml"
    built = app.test_cli_runner().invoke(args=["flux", "build", "grand-est", "--output", str(file)])
    assert built.exit_code == 0, built.output
    checked = subprocess.run(
        [xmllint, "--noout", "--schema", schema, file], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    return etree.parse(file).getroot()


def send(person: Person) -> None:
    person.reads("Votre fiche est complète")
    person.press("Envoyer pour vérification")
    person.title("Merci, votre fiche est envoyée")


def take_next(person: Person, title: str) -> None:
    person.open("/moderation/")
    person.follow(title)
    person.press("Prendre")
    person.reads("La fiche a été prise.")


@pytest.mark.parametrize(
    ("size", "scripted"),
    [
        pytest.param(WIDE, True, id="1280px"),
        pytest.param(WIDE, False, id="1280px-sans-javascript"),
        pytest.param(PHONE, True, id="390px"),
        pytest.param(PHONE, False, id="390px-sans-javascript"),
    ],
)
def test_an_association_and_a_moderator_publish_the_asl(
    app: Flask,
    someone: NewPerson,
    people: tuple[str, str],
    lheo_facts: Path,
    xmllint: str,
    tmp_path: Path,
    size: dict[str, int],
    scripted: bool,
) -> None:
    sample = Sample.read(lheo_facts / "samples" / "asl-grand-est-2.3.xml")
    title = sample("intitule-formation")
    group = Group(rhythm=sample("action/rythme-formation"), organisation=sample("action/modalites-alternance"))
    association, moderator = (someone(size, scripted=scripted) for _ in people)

    association.login(people[0])
    association.title("Mes fiches")
    new_fiche(association)
    fill(association, Answers(sample, [group]))
    send(association)

    moderator.login(people[1])
    moderator.title("File de modération")
    take_next(moderator, title)
    returning = moderator.fold("Renvoyer pour correction")
    moderator.write(returning, "Que faut-il corriger ?", REMARK)
    moderator.press("Renvoyer pour correction", returning)
    moderator.reads("La fiche a été renvoyée.")

    association.open("/fiches/")
    association.follow(title)
    association.reads("Merci !")
    association.follow("Continuer la saisie")
    to_step(association, "Lieux, groupes et horaires")
    association.reads("Dites comment venir en bus.")
    association.write(association.page, "Comment venir", BUS)
    association.press("Enregistrer et relire")
    association.reads(BUS)
    send(association)

    take_next(moderator, title)
    moderator.reads(BUS)
    moderator.press("Valider et publier")
    moderator.reads("La fiche a été validée.")

    association.follow("Voir la fiche")
    association.reads(re.compile("Publiée"))

    flow = flow_of(app, xmllint, lheo_facts / "lheo-2.3.xsd", tmp_path)
    assert lost(sample.words(), flow) == []
    assert flow.findtext(".//{*}transport") == BUS


def test_three_groups_of_different_levels_and_individual_lessons(
    app: Flask, someone: NewPerson, people: tuple[str, str], lheo_facts: Path, xmllint: str, tmp_path: Path
) -> None:
    sample = Sample.read(lheo_facts / "samples" / "fle-2.3-invalide.xml")
    organisation, duration = sample("action/modalites-alternance"), sample("action/duree-indicative")
    groups = [
        Group(
            "Débutants", TWICE, levels=("infra A1.1", "A1"), largest=12, organisation=organisation, duration=duration
        ),
        Group("Intermédiaires", TWICE, levels=("A1", "A2"), largest=12),
        Group("Avancés", TWICE, levels=("A2", "B1"), largest=12),
        Group("Cours individuels", (), "individuel", smallest=2, largest=5, rhythm="Sur rendez-vous"),
    ]
    association, moderator = someone(), someone()

    association.login(people[0])
    new_fiche(association)
    fill(association, Answers(sample, groups, wrong_email=True))
    send(association)
    moderator.login(people[1])
    take_next(moderator, sample("intitule-formation"))
    moderator.press("Valider et publier")

    flow = flow_of(app, xmllint, lheo_facts / "lheo-2.3.xsd", tmp_path)
    assert lost(sample.words(NOT_TAKEN, GENERAL_EMAIL), flow) == []
    slots = [node.get("tag") for node in flow.iterfind(".//{*}extra[@info='creneau']")]
    assert slots == ["mardi", "jeudi"] * 3
