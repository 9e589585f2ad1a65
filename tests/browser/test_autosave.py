"""What is typed is saved on its own, waits in the browser when the network drops, and is never lost."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import expect

from backoffice.core.extensions import db
from backoffice.models import Fiche, Login
from backoffice.models.content import Contenu
from tests.support import factories as make

from .conftest import PHONE, WIDE, NewPerson
from .person import Person, part

SIZES = [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")]
BOTH = [pytest.param(True, id="javascript"), pytest.param(False, id="sans-javascript")]
SAVED = re.compile(r"^Enregistré à \d{1,2}\sh\s\d{2}(\s\(heure de Paris\))?$")
NO_NETWORK = "Pas de réseau : votre texte est gardé dans ce navigateur, il partira tout seul."
WAITING = "() => Object.keys(localStorage).filter((key) => key.startsWith('relais:')).length"

pytestmark = pytest.mark.parametrize("size", SIZES)


@pytest.fixture
def draft(app: Flask) -> tuple[str, int]:
    """E-mail of a person, and the complete draft of their structure."""
    provider = make.provider()
    facts = provider.email, make.draft(provider).id
    db.session.remove()
    return facts


def stored(fiche: int) -> Contenu:
    content = db.session.get_one(Fiche, fiche).latest.content
    db.session.remove()
    return content


def at_step(someone: NewPerson, draft: tuple[str, int], size: dict[str, int], slug: str, **how: bool) -> Person:
    person = someone(size, **how)
    person.login(draft[0])
    person.open(f"/fiches/{draft[1]}/saisie/{slug}")
    return person


def says(person: Person, words: str | re.Pattern[str]) -> None:
    expect(person.page.locator("[data-etat]")).to_have_text(words)
    person.look()


def aims(person: Person, text: str) -> None:
    person.write(person.page, "Objectifs", text)


def hide(person: Person) -> None:
    """As when a phone goes back into the pocket."""
    person.page.evaluate(
        "() => { Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); delete document.visibilityState; }"
    )


def test_what_is_typed_is_saved_without_pressing_anything(someone, draft, size) -> None:
    nadia = at_step(someone, draft, size, "objectifs")
    aims(nadia, "Parler avec la maîtresse.")
    says(nadia, SAVED)
    assert stored(draft[1]).formation.objectif == "Parler avec la maîtresse."
    aims(nadia, "Parler avec la maîtresse et le médecin.")
    hide(nadia)
    says(nadia, SAVED)
    nadia.press("Enregistrer et continuer")
    nadia.title("Pour qui, dans quel but")
    assert stored(draft[1]).formation.objectif == "Parler avec la maîtresse et le médecin."
    assert nadia.page.evaluate(WAITING) == 0


def test_the_help_follows_what_is_typed(someone, draft, size) -> None:
    nadia = at_step(someone, draft, size, "objectifs")
    summary = nadia.page.locator("[data-aide] summary")
    expect(summary).to_contain_text("Rien ne manque ici")
    nadia.page.get_by_label("Objectifs").fill("")
    expect(summary).to_contain_text("Il manque une réponse ici")
    summary.click()
    nadia.look()
    nadia.page.locator("[data-aide]").get_by_role("link", name="Objectifs").click()
    expect(nadia.page.get_by_label("Objectifs")).to_be_focused()
    aims(nadia, "Parler.")
    expect(summary).to_contain_text("Rien ne manque ici")


def test_an_answer_half_typed_is_kept_and_nobody_shouts(someone, draft, size) -> None:
    nadia = at_step(someone, draft, size, "intitule")
    nadia.write(nadia.page, "Page internet", "tilleuls")
    says(nadia, SAVED)
    expect(nadia.page.get_by_role("alert")).to_have_count(0)
    nadia.open(nadia.page.url)
    expect(nadia.page.get_by_label("Page internet")).to_have_value("tilleuls")


def test_the_network_drops_and_comes_back(someone, draft, size) -> None:
    nadia = at_step(someone, draft, size, "objectifs")
    nadia.page.context.set_offline(True)
    aims(nadia, "Écrit dans un tunnel.")
    says(nadia, NO_NETWORK)
    nadia.press("Enregistrer et continuer")
    nadia.title("Objectifs et contenu")
    says(nadia, NO_NETWORK)
    nadia.page.context.set_offline(False)
    says(nadia, SAVED)
    assert stored(draft[1]).formation.objectif == "Écrit dans un tunnel."
    assert nadia.page.evaluate(WAITING) == 0
    nadia.press("Enregistrer et continuer")
    nadia.title("Pour qui, dans quel but")


def test_an_answer_that_is_lost_on_its_way_does_not_set_a_page_against_itself(someone, draft, size) -> None:
    nadia = at_step(someone, draft, size, "objectifs")
    lost: list[str] = []

    def lose(route) -> None:
        lost.append(route.fetch().text())  # it is stored
        route.abort()

    nadia.page.route("**/brouillon", lose, times=1)
    aims(nadia, "Une première phrase.")
    says(nadia, NO_NETWORK)
    assert lost
    aims(nadia, "Une première phrase, puis une autre.")
    says(nadia, SAVED)
    assert stored(draft[1]).formation.objectif == "Une première phrase, puis une autre."


def test_a_page_closed_without_network_is_sent_at_the_next_visit(someone, draft, size) -> None:
    nadia = at_step(someone, draft, size, "objectifs")
    nadia.page.context.set_offline(True)
    aims(nadia, "Écrit avant de fermer.")
    says(nadia, NO_NETWORK)
    again = nadia.another_tab()
    nadia.page.close()
    again.page.context.set_offline(False)
    again.page.goto(f"/fiches/{draft[1]}/saisie/objectifs")  # it sends what waited, then shows itself again
    expect(again.page.get_by_label("Objectifs")).to_have_value("Écrit avant de fermer.")
    again.look()
    assert stored(draft[1]).formation.objectif == "Écrit avant de fermer."
    assert again.page.evaluate(WAITING) == 0
    again.no_problem()


def test_what_waited_is_offered_with_both_versions_when_the_step_has_changed(someone, draft, size) -> None:
    nadia = at_step(someone, draft, size, "objectifs")
    nadia.page.context.set_offline(True)
    aims(nadia, "Écrit sans réseau.")
    says(nadia, NO_NETWORK)
    again = nadia.another_tab()
    nadia.page.close()
    colleague = at_step(someone, draft, size, "objectifs")
    aims(colleague, "Écrit par une collègue.")
    colleague.press("Enregistrer et continuer")
    colleague.title("Pour qui, dans quel but")
    again.page.context.set_offline(False)
    again.open(f"/fiches/{draft[1]}/saisie/objectifs")
    expect(again.page.get_by_role("alert")).to_contain_text("n’avait pas pu être enregistré")
    again.look()
    again.press("Voir les deux versions")
    again.title("Cette étape a été modifiée entre-temps")
    again.reads("Écrit par une collègue.")
    again.reads("Écrit sans réseau.")
    again.press("Garder ce que je viens d’écrire")
    again.title("Pour qui, dans quel but")
    assert stored(draft[1]).formation.objectif == "Écrit sans réseau."
    assert again.page.evaluate(WAITING) == 0
    again.no_problem()


def test_a_second_tab_is_told_before_anything_is_pressed(someone, draft, size) -> None:
    nadia = at_step(someone, draft, size, "objectifs")
    other = nadia.another_tab()
    other.open(nadia.page.url)
    aims(other, "Écrit dans le second onglet.")
    says(other, SAVED)
    aims(nadia, "Écrit dans le premier.")
    says(nadia, re.compile("modifiée ailleurs"))
    assert stored(draft[1]).formation.objectif == "Écrit dans le second onglet."
    aims(nadia, "Écrit dans le premier, encore.")
    nadia.press("Enregistrer et continuer")
    nadia.title("Cette étape a été modifiée entre-temps")
    nadia.reads("Écrit dans le premier, encore.")
    nadia.follow("Garder ce qui est déjà enregistré")
    expect(nadia.page.get_by_label("Objectifs")).to_have_value("Écrit dans le second onglet.")
    assert nadia.page.evaluate(WAITING) == 0
    other.no_problem()


def test_an_expired_connection_keeps_the_text_and_says_so(someone, draft, size) -> None:
    nadia = at_step(someone, draft, size, "objectifs")
    db.session.query(Login).delete()
    db.session.commit()
    db.session.remove()
    aims(nadia, "Écrit après une longue pause.")
    says(nadia, re.compile("Votre connexion a expiré"))
    assert nadia.page.evaluate(WAITING) == 1
    nadia.press("Enregistrer et continuer")
    nadia.write(nadia.page, "Adresse e-mail", draft[0])
    nadia.write(nadia.page, "Mot de passe", make.PASSWORD)
    nadia.press("Se connecter", nadia.page.get_by_role("main"))
    nadia.press("Enregistrer ce que j’avais écrit")
    nadia.title("Pour qui, dans quel but")
    assert stored(draft[1]).formation.objectif == "Écrit après une longue pause."
    nadia.open(f"/fiches/{draft[1]}/saisie/objectifs")
    nadia.page.wait_for_function(f"() => ({WAITING})() === 0")
    expect(nadia.page.get_by_role("alert")).to_have_count(0)


def test_nothing_stays_in_the_browser_after_logging_out(someone, draft, size) -> None:
    nadia = at_step(someone, draft, size, "objectifs")
    nadia.page.route("**/brouillon", lambda route: route.abort())
    aims(nadia, "Un texte personnel.")
    says(nadia, NO_NETWORK)
    with nadia.page.expect_event("dialog") as asked:
        nadia.page.once("dialog", lambda dialog: dialog.dismiss())
        nadia.page.get_by_role("button", name="Se déconnecter").click()
    assert "n’a pas pu être enregistré" in asked.value.message
    expect(nadia.page.get_by_label("Objectifs")).to_have_value("Un texte personnel.")
    assert nadia.page.evaluate(WAITING) == 1
    nadia.page.once("dialog", lambda dialog: dialog.accept())
    nadia.page.get_by_role("button", name="Se déconnecter").click()
    nadia.reads("Vous êtes déconnecté.")
    assert nadia.page.evaluate(WAITING) == 0


def test_somebody_else_on_the_same_browser_finds_nothing(someone, draft, size) -> None:
    other = make.provider("Olga Voisine").email
    db.session.remove()
    nadia = at_step(someone, draft, size, "objectifs")
    nadia.page.route("**/brouillon", lambda route: route.abort())
    aims(nadia, "Un texte personnel.")
    says(nadia, NO_NETWORK)
    olga = nadia.another_tab()
    nadia.page.close()
    olga.open("/aide/")  # meanwhile arrives what a page sends as it closes: it brings Nadia's connection back
    olga.page.context.clear_cookies()
    olga.login(other)
    olga.title("Mes fiches")
    assert olga.page.evaluate(WAITING) == 0
    olga.no_problem()


# --- With and without JavaScript ----------------------------------------------------------------------


@pytest.mark.parametrize("scripted", BOTH)
def test_another_device_goes_on_where_the_first_one_stopped(someone, draft, size, scripted) -> None:
    nadia = at_step(someone, draft, size, "publics", scripted=scripted)
    nadia.page.get_by_label("Niveau à l’oral en arrivant").select_option(label="Choisir…")
    nadia.press("Enregistrer et quitter")
    elsewhere = someone(size, scripted=scripted)
    elsewhere.login(draft[0])
    elsewhere.open(f"/fiches/{draft[1]}")
    elsewhere.follow("Continuer la saisie")
    elsewhere.title("Pour qui, dans quel but")


@pytest.mark.parametrize("scripted", BOTH)
def test_rows_are_duplicated_moved_and_removed(someone, draft, size, scripted) -> None:
    nadia = at_step(someone, draft, size, "lieux", scripted=scripted)
    page = nadia.page
    nadia.press("Dupliquer lieu 1", part(page, "Lieu 1"))
    second = part(page, "Lieu 2")
    if scripted:
        expect(second).to_be_focused()
    second.get_by_label("Nom du lieu").fill("Bibliothèque")
    nadia.press("Monter lieu 2", part(page, "Lieu 2"))
    expect(part(page, "Lieu 1").get_by_label("Nom du lieu")).to_have_value("Bibliothèque")
    if scripted:
        expect(part(page, "Lieu 1")).to_be_focused()
    nadia.press("Descendre lieu 1", part(page, "Lieu 1"))
    expect(part(page, "Lieu 2").get_by_label("Nom du lieu")).to_have_value("Bibliothèque")
    nadia.press("Retirer ce lieu 1", part(page, "Lieu 1"))
    expect(part(page, "Lieu 1").get_by_label("Nom du lieu")).to_have_value("Bibliothèque")
    nadia.press("Dupliquer groupe 1", part(page, "Groupe 1"))
    nadia.press("Enregistrer et continuer")
    content = stored(draft[1])
    assert [lieu.adresse.denomination for lieu in content.lieux] == ["Bibliothèque"]
    assert [action.creneaux for action in content.actions[1:]] == [content.actions[0].creneaux]
    ids = [session.id for action in content.actions for session in action.sessions]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("scripted", BOTH)
def test_a_week_is_typed_at_once(someone, draft, size, scripted) -> None:
    nadia = at_step(someone, draft, size, "lieux", scripted=scripted)
    several = nadia.fold("Plusieurs jours aux mêmes heures")
    nadia.tick(several, "Jours", "Lundi", "Vendredi")
    nadia.write(several, "Début", "14:00")
    nadia.write(several, "Fin", "16:00")
    nadia.look()
    nadia.press("Ajouter ces créneaux", several)
    expect(part(nadia.page, "Créneau 4").get_by_label("Jour")).to_have_value("vendredi")
    slots = stored(draft[1]).actions[0].creneaux
    assert [slot.jour for slot in slots] == ["mardi", "jeudi", "lundi", "vendredi"]
    assert {slot.minutes for slot in slots[2:]} == {120}


# --- Length and weight --------------------------------------------------------------------------------


def test_the_room_that_is_left_is_shown_and_read_out_when_typing_stops(someone, draft, size) -> None:
    nadia = at_step(someone, draft, size, "intitule")
    title = nadia.page.get_by_label("Intitulé")
    aloud = nadia.page.locator("#formation-intitule ~ [role=status]")
    title.fill("a" * 145)
    expect(nadia.page.get_by_text("Encore 5 caractères").first).to_be_visible()
    assert aloud.text_content() == ""
    expect(aloud).to_have_text("Encore 5 caractères")
    title.fill("a" * 160)
    expect(aloud).to_have_text(re.compile("n’en montreront que les 150 premiers caractères : ils en couperont 10"))
    nadia.look()


HEAVIEST = 150_000
"""Bytes that travel for a page and all that it loads, headers apart, when nothing is in the browser yet."""


@pytest.mark.parametrize("slug", ["structure", "objectifs", "lieux", "sessions"])
def test_a_page_of_the_path_is_light_for_a_phone(someone, draft, size, slug) -> None:
    nadia = someone(size)
    nadia.login(draft[0])
    nadia.page.context.new_cdp_session(nadia.page).send("Network.clearBrowserCache")
    received = []
    nadia.page.on("requestfinished", lambda request: received.append(request))
    nadia.page.goto(f"/fiches/{draft[1]}/saisie/{slug}", wait_until="networkidle")
    weights = {request.url: request.sizes()["responseBodySize"] for request in received}
    assert any(url.endswith("bootstrap.min.css") for url in weights)
    assert any(url.endswith("autosave.js") for url in weights)
    assert sum(weights.values()) <= HEAVIEST, weights
