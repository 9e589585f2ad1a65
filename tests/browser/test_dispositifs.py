"""OEPRE and OFII from the first click to submission, at both widths, with and without JavaScript."""

from __future__ import annotations

import re
from datetime import date, time

import pytest
from flask import Flask
from playwright.sync_api import expect

from backoffice.models.content import vocabulary
from backoffice.models.content.vocabulary import Dispositif
from tests.support import factories as make

from .conftest import PHONE, WIDE, NewPerson
from .person import Person, part, words
from .test_pages import committed
from .walks import ON, new_fiche, oral, section, to_step, written

EVERYWHERE = pytest.mark.parametrize(
    ("size", "scripted"),
    [
        pytest.param(WIDE, True, id="1280px"),
        pytest.param(WIDE, False, id="1280px-sans-javascript"),
        pytest.param(PHONE, True, id="390px"),
        pytest.param(PHONE, False, id="390px-sans-javascript"),
    ],
)


def begin(someone: NewPerson, size: dict[str, int], scripted: bool, dispositif: Dispositif) -> Person:
    (email,) = committed(make.provider())
    person = someone(size, scripted=scripted)
    person.login(email)
    new_fiche(person, dispositif)
    person.reads(dispositif.label)
    return person


def address(person: Person, title: str) -> None:
    where = section(person, title) if title.startswith("Où") else part(person.page, title)
    person.write(where, "Numéro et rue", "3 rue des Écoles")
    person.write(where, "Code postal", "14000")


def reach(person: Person, title: str) -> None:
    where = section(person, title)
    person.write(where, "Nom", "Secrétariat")
    person.write(where, "Téléphone", "02 31 00 00 00")


def levels(person: Person) -> None:
    person.choose(person.page, "Niveau à l’oral en arrivant", oral("infra A1.1"))
    person.choose(person.page, "Niveau à l’écrit en arrivant", written("alpha"))


def slots(person: Person, *days: str, end: int) -> None:
    group = part(person.page, "Groupe 1")
    for rank, day in enumerate(days, 1):
        if rank > 2:
            person.press("Ajouter un créneau", group)
        slot = part(group, f"Créneau {rank}")
        person.choose(slot, "Jour", vocabulary.JOURS[day])
        person.write(slot, "Début", time(9))
        person.write(slot, "Fin", time(end))


def sent(person: Person) -> None:
    person.reads("Votre fiche est complète")
    person.press("Envoyer pour vérification")
    person.title("Merci, votre fiche est envoyée")


@EVERYWHERE
def test_a_school_describes_its_workshops_for_parents(
    app: Flask, someone: NewPerson, size: dict[str, int], scripted: bool
) -> None:
    person = begin(someone, size, scripted, Dispositif.OEPRE)
    page = person.page
    person.title("Votre établissement")
    expect(page.get_by_label("École, collège ou lycée")).to_be_checked()
    person.write(page, "Numéro UAI de l’établissement", "0140001B")
    address(person, "Où se trouve la structure")
    reach(person, "Comment joindre la structure")
    person.press(ON)
    person.reads("sa lettre ne va pas avec ses chiffres")
    person.write(page, "Numéro UAI de l’établissement", "0140001A")
    person.press(ON)
    person.press(ON)  # the title and what one learns are proposed
    person.write(page, "Objectifs", "Lire le carnet de correspondance.")
    person.write(page, "Contenu", "Visites et jeux de rôle.")
    person.tick(page, "Les trois objectifs", *list(vocabulary.OBJECTIFS_OEPRE.values())[:2])
    person.press(ON)
    person.tick(page, "Pour qui", vocabulary.PUBLICS["81023"])
    levels(person)
    person.press(ON)
    address(person, "Lieu 1")
    person.write(page, "Numéro UAI de l’école", "0140001A")
    slots(person, "lundi", "jeudi", end=11)
    person.write(page, "Nombre de semaines d’atelier", "12")
    person.press(ON)
    person.tick(page, "Quand peut-on arriver", vocabulary.ENTREES["1"])
    person.write(page, "Premier jour", date(2026, 10, 5))
    person.write(page, "Dernier jour", date(2027, 6, 25))
    person.write(page, "Comment s’inscrire", "Venir au secrétariat")
    reach(person, "Qui renseigne les personnes")
    person.press(ON)
    expect(page.get_by_label("Gratuit")).to_be_checked()
    person.press(ON)

    # Both rules say where they come from; one blocks, the other asks.
    person.reads("Les trois objectifs vont ensemble")
    person.reads("dure de 60 à 120 heures dans l’année : celui-ci en compte 48")
    person.reads("NOR MENE2525824C")
    person.follow("Les trois objectifs vont ensemble : le français, les valeurs de la République et l’École.")
    person.reads("Source : Circulaire")
    person.tick(page, "Les trois objectifs", vocabulary.OBJECTIFS_OEPRE["ecole"])
    person.press("Enregistrer et relire")
    sent(person)


@EVERYWHERE
def test_a_holder_of_the_market_describes_its_courses(
    app: Flask, someone: NewPerson, size: dict[str, int], scripted: bool
) -> None:
    person = begin(someone, size, scripted, Dispositif.OFII)
    page = person.page
    person.title("Votre structure")
    person.write(page, "Numéro de déclaration d’activité", "28 14 00000 14")
    address(person, "Où se trouve la structure")
    reach(person, "Comment joindre la structure")
    person.press(ON)
    person.press(ON)
    person.write(page, "Objectifs", "Atteindre le niveau A1.")
    person.write(page, "Contenu", "Vie quotidienne et démarches.")
    person.press(ON)
    levels(person)
    person.press(ON)
    address(person, "Lieu 1")
    person.choose(page, "Rythme de la semaine", vocabulary.INTENSITES["intensif"])
    slots(person, "lundi", "mardi", "jeudi", end=16)
    person.write(page, "Nombre d’heures en tout", "600")
    person.press(ON)
    person.tick(page, "Quand peut-on arriver", vocabulary.ENTREES["0"])
    person.write(page, "Premier jour", date(2026, 10, 5))
    person.write(page, "Dernier jour", date(2027, 4, 30))
    person.press("Ajouter un rendez-vous avant de commencer")
    person.choose(page, "Comment se passe ce rendez-vous", vocabulary.RENDEZ_VOUS["8"])
    expect(page.get_by_label("Comment s’inscrire")).to_have_value("Sur prescription de l’OFII uniquement")
    reach(person, "Qui renseigne les personnes")
    person.press(ON)
    person.write(page, "Lot du marché", "Lot 12")
    person.press(ON)
    sent(person)


@pytest.mark.parametrize("scripted", [True, False], ids=["javascript", "sans-javascript"])
def test_a_town_is_found_by_its_name(app: Flask, someone: NewPerson, scripted: bool) -> None:
    person = begin(someone, PHONE, scripted, Dispositif.ASL)
    where = section(person, "Où se trouve la structure")
    town, code = where.get_by_label("Ville"), where.get_by_label("Code postal")
    if scripted:
        town.press_sequentially("saint lo")
        option = where.locator("datalist option[value^='Saint-Lô (']").first
        expect(option).to_have_count(1)
        town.fill(str(option.get_attribute("value")))  # as the browser does when it is chosen
        expect(town).to_have_value("Saint-Lô")
    else:
        person.write(where, "Ville", "sotevile")
        person.press("Chercher la commune de ce nom ou de ce code postal", where)
        choices = section(person, "Où se trouve la structure").get_by_role("group", name="Communes possibles")
        choices.get_by_role("button").first.click()
        person.look()
        expect(town).to_have_value("Sotteville")
    expect(code).not_to_have_value("")


@pytest.mark.parametrize("scripted", [True, False], ids=["javascript", "sans-javascript"])
def test_an_examination_is_found_by_its_name(app: Flask, someone: NewPerson, scripted: bool) -> None:
    person = begin(someone, PHONE, scripted, Dispositif.ASL)
    to_step(person, "Pour qui, dans quel but")
    exam = person.page.get_by_label(words("Examen ou diplôme préparé"))
    if scripted:
        exam.press_sequentially("defl b1")
        option = person.page.locator("datalist option[value^='DELF B1']")
        expect(option).to_have_count(1)
        exam.fill(str(option.get_attribute("value")))
    else:
        person.write(person.page, "Examen ou diplôme préparé", "defl b1")
        person.press("Chercher l’examen de ce nom ou de ce numéro")
        person.page.get_by_role("group", name="Examens possibles").get_by_role("button").first.click()
        person.look()
    expect(exam).to_have_value(re.compile("^DELF B1"))
