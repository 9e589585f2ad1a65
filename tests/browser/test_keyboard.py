"""Without a mouse, and in few gestures."""

from __future__ import annotations

from datetime import date, time

import pytest
from flask import Flask
from playwright.sync_api import expect

from backoffice.models.content import vocabulary
from tests.support import factories as make

from .conftest import PHONE, WIDE, NewPerson
from .person import Person, part
from .test_pages import committed
from .walks import ON, new_fiche, oral, section, written

MOST_INPUTS = 35


@pytest.fixture
def nadia(app: Flask, someone: NewPerson) -> tuple[Person, int]:
    """A volunteer on the page of her fiche, complete but not sent; and the id of the fiche."""
    provider = make.provider()
    email, fiche = committed(provider, make.draft(provider))
    person = someone()
    person.login(email)
    return person, fiche


def test_the_first_key_skips_to_the_content(nadia: tuple[Person, int]) -> None:
    person, _ = nadia
    person.open("/fiches/nouvelle")
    person.page.keyboard.press("Tab")
    skip = person.page.get_by_role("link", name="Aller au contenu")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    person.page.keyboard.press("Enter")
    expect(person.page.get_by_role("main")).to_be_focused()


def test_the_summary_of_errors_leads_to_the_fields(nadia: tuple[Person, int]) -> None:
    person, fiche = nadia
    person.open(f"/fiches/{fiche}/saisie/lieux")
    group = part(person.page, "Groupe 1")
    person.write(group, "Nombre maximum de personnes", "une douzaine")
    person.write(group, "Nombre minimum de personnes", "six")
    person.press(ON)
    summary = person.page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("link")).to_have_count(2)
    for link in summary.get_by_role("link").all():
        fold = group.locator("details").filter(has_text="Plus de précisions")
        if fold.get_attribute("open") is not None:  # even a fold that was closed again opens for its field
            fold.locator("summary").click()
        name = link.inner_text()
        link.press("Enter")
        field = group.get_by_label(name)
        expect(field).to_be_focused()
        expect(field).to_be_in_viewport()
        expect(field).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("scripted", [True, False], ids=["javascript", "sans-javascript"])
def test_the_review_leads_into_a_closed_part(app: Flask, someone: NewPerson, scripted: bool) -> None:
    provider, content = make.provider(), make.complete_content()
    content.inscription.ou = "autre"
    email, fiche = committed(provider, make.draft(provider, content))
    person = someone(scripted=scripted)
    person.login(email)
    person.open(f"/fiches/{fiche}/relecture")
    person.follow("Adresse d’inscription : il manque le code postal.")
    field = person.page.locator("details").get_by_label("Code postal")
    expect(field).to_be_visible()
    expect(field).to_be_focused()


@pytest.mark.parametrize(
    ("slug", "label", "following"),
    [
        ("structure", "Nom de la structure", "L’action en quelques mots"),
        ("lieux", "Nom du groupe", "Dates et inscription"),
        ("sessions", "Comment s’inscrire", "Financement et obligations"),
        ("financement", "Référence de la subvention", "Relecture et envoi"),
    ],
)
def test_enter_saves_and_continues(nadia: tuple[Person, int], slug: str, label: str, following: str) -> None:
    person, fiche = nadia
    person.open(f"/fiches/{fiche}/saisie/{slug}")
    person.write(person.page, label, "Écrit au clavier")
    person.page.keyboard.press("Enter")
    person.title(following)
    person.open(f"/fiches/{fiche}/saisie/{slug}")
    expect(person.page.get_by_label(label)).to_have_value("Écrit au clavier")
    expect(person.page.get_by_role("group", name="Groupe 2")).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1280px", "390px"])
def test_a_first_minimal_entry_asks_for_few_inputs(app: Flask, someone: NewPerson, size: dict[str, int]) -> None:
    (email,) = committed(make.provider())
    person = someone(size)
    person.login(email)
    page, before = person.page, person.inputs
    new_fiche(person)

    person.tick(page, "Vous êtes", "Association")
    where = section(person, "Où se trouve la structure")
    person.write(where, "Numéro et rue", "12 rue des Tilleuls")
    person.write(where, "Code postal", "14000")
    where.get_by_label("Ville").focus()  # the only town of this postal code writes itself
    expect(where.get_by_label("Ville")).to_have_value("Caen")
    person.write(section(person, "Comment joindre la structure"), "Nom", "Accueil")
    person.write(section(person, "Comment joindre la structure"), "Téléphone", "02 31 00 00 00")
    person.press(ON)
    person.write(page, "Intitulé", "Ateliers de français")
    person.tick(page, "Ce que l’on apprend", vocabulary.DOMAINES["15235"])
    person.press(ON)
    person.write(page, "Objectifs", "Prendre un rendez-vous chez le médecin.")
    person.write(page, "Contenu", "Jeux de rôle et sorties.")
    person.tick(page, "Espaces sociaux travaillés", vocabulary.ESPACES_SOCIAUX["sante"])
    person.press(ON)
    person.tick(page, "Pour qui", vocabulary.PUBLICS["81023"])
    person.tick(page, "Dans quel but", vocabulary.VISEES["sociale"])
    person.choose(page, "Niveau à l’oral en arrivant", oral("infra A1.1"))
    person.choose(page, "Niveau à l’écrit en arrivant", written("alpha"))
    person.press(ON)
    person.write(page, "Numéro et rue", "12 rue des Tilleuls")
    person.write(page, "Code postal", "14000")
    slot = part(page, "Créneau 1")
    person.choose(slot, "Jour", "Mardi")
    person.write(slot, "Début", time(9, 30))
    person.write(slot, "Fin", time(11, 30))
    person.press(ON)
    person.tick(page, "Quand peut-on arriver", vocabulary.ENTREES["1"])
    person.write(page, "Premier jour", date(2026, 9, 15))
    person.write(page, "Dernier jour", date(2027, 6, 30))
    person.write(page, "Comment s’inscrire", "Venir à l’accueil le lundi")
    who = section(person, "Qui renseigne les personnes")
    person.write(who, "Nom", "Accueil")
    person.write(who, "Téléphone", "02 31 00 00 00")
    person.press(ON)
    person.tick(page, "Prix pour la personne", "Gratuit")
    person.tick(page, "Action subventionnée", "Non")
    person.press(ON)

    person.reads("Votre fiche est complète")
    assert person.inputs - before <= MOST_INPUTS
