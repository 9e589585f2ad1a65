"""A moderator's queue in a real browser: by keyboard alone, one after the other, many at once; its pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import expect

from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db
from backoffice.models import RevisionState
from tests.support import factories as make

from .conftest import PHONE, WIDE, NewPerson
from .person import Person

SIZES = [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")]
Size = dict[str, int]
Morning = Callable[..., Person]


@pytest.fixture
def morning(app: Flask, someone: NewPerson) -> Morning:
    """A moderator in front of a queue of so many fiches, the first of them late."""

    def begin(number: int, size: Size = WIDE, **how: bool) -> Person:
        marc, nadia = make.moderator(), make.provider()
        make.moderator("Mina Modèle")
        for rank in range(number):
            with clock_at(now() - timedelta(days=20 * (rank == 0), minutes=number - rank)):
                content = make.complete_content(f"Ateliers de français, groupe {rank + 1}")
                make.fiche_in(RevisionState.SOUMISE, nadia, marc, content)
        email = marc.email
        db.session.remove()
        person = someone(size, **how)
        person.login(email)
        return person

    return begin


def focused(person: Person) -> str:
    return str(person.page.evaluate("document.activeElement.textContent.trim()"))


def title(rank: int) -> str:
    return f"Ateliers de français, groupe {rank}"


def test_the_queue_by_keyboard_alone(morning: Morning) -> None:
    marc = morning(3)
    page, keys = marc.page, marc.page.keyboard
    for key, rank in (("j", 1), ("j", 2), ("j", 3), ("j", 3), ("k", 2)):
        keys.press(key)
        assert focused(marc) == title(rank)
    keys.press("o")
    marc.title(title(2))
    page.go_back()
    keys.press("j")
    keys.press("?")
    expect(page.get_by_text("Ils n’agissent pas quand vous écrivez dans un champ.")).to_be_visible()
    search = page.get_by_label("Intitulé, structure ou numéro")
    search.focus()
    keys.type("jkov?r")
    expect(search).to_have_value("jkov?r")
    marc.look()


def test_deciding_by_keyboard_leads_to_the_button_and_presses_nothing(morning: Morning) -> None:
    marc = morning(1)
    page, keys = marc.page, marc.page.keyboard
    marc.press("Prendre la suivante")
    keys.press("v")
    assert focused(marc) == "Valider et publier"
    keys.press("r")
    expect(page.locator("form[action$='/renvoyer'] textarea")).to_be_focused()
    keys.type("v r")
    expect(page.locator("form[action$='/renvoyer'] textarea")).to_have_value("v r")
    marc.open("/moderation/?onglet=miennes")
    keys.press("j")
    keys.press("r")
    expect(page.locator("form[action$='/renvoyer'] textarea")).to_be_focused()


def test_shortcuts_can_be_switched_off_for_good(morning: Morning) -> None:
    marc = morning(1)
    page, keys = marc.page, marc.page.keyboard
    help_ = marc.fold("Raccourcis du clavier")
    marc.press("Couper les raccourcis", help_)
    page.reload()
    keys.press("j")
    assert focused(marc) != title(1)
    marc.press("Remettre les raccourcis", marc.fold("Raccourcis du clavier"))
    keys.press("j")
    assert focused(marc) == title(1)


def test_without_javascript_no_shortcut_is_promised(morning: Morning) -> None:
    marc = morning(1, WIDE, scripted=False)
    expect(marc.page.get_by_text("Raccourcis du clavier")).to_be_hidden()
    marc.press("Prendre la suivante")
    marc.title(title(1))


@pytest.mark.parametrize("size", SIZES)
def test_a_clean_fiche_takes_two_clicks_then_one(morning: Morning, size: Size) -> None:
    marc = morning(3, size)
    marc.press("Prendre la suivante")
    marc.title(title(1))
    for rank in (2, 3):
        marc.press("Valider et publier")
        marc.title(title(rank))
    marc.press("Valider et publier")
    marc.title("File de modération")
    marc.reads("Il n’y a plus de fiche à prendre")


@pytest.mark.parametrize("size", SIZES)
def test_many_at_once_then_undone(morning: Morning, size: Size) -> None:
    marc = morning(3, size)
    page = marc.page
    for rank in (1, 3):
        page.get_by_label(f"Choisir {title(rank)}").check()
    fold = marc.fold("Agir sur plusieurs fiches à la fois")
    marc.look()
    marc.press("Voir ce qui sera fait", fold)  # nothing chosen to do
    marc.reads("Choisissez ce qu’il faut faire des fiches cochées.")
    expect(page.get_by_label(f"Choisir {title(3)}")).to_be_checked()
    fold = marc.fold("Agir sur plusieurs fiches à la fois")
    marc.tick(fold, "Que faire ?", "Valider et publier")
    marc.press("Voir ce qui sera fait", fold)
    marc.reads("Rien n’est encore fait.")
    marc.press("Confirmer pour 2 fiches")
    marc.reads("2 sur 2 fiches : 2 faites")
    undo = marc.fold("Défaire ce qui a été fait")
    marc.press("Suspendre la publication…", undo)
    page.get_by_role("alert").wait_for()
    undo = marc.fold("Défaire ce qui a été fait")
    undo.get_by_label("Pour quel motif ?").select_option(index=1)
    marc.press("Suspendre la publication…", undo)
    marc.press("Confirmer pour 2 fiches")
    marc.reads("2 sur 2 fiches : 2 faites")
    marc.open("/moderation/lots")
    marc.open("/moderation/")
    marc.reads("1 fiche, les plus anciennes d’abord.")


@pytest.mark.parametrize("size", SIZES)
def test_tabs_filters_and_saved_views(morning: Morning, size: Size) -> None:
    marc = morning(2, size)
    page = marc.page
    marc.reads("En retard de")
    filters = marc.fold("Plus de filtres")
    marc.choose(filters, "Délai", "En retard")
    marc.press("Filtrer")
    marc.reads("1 fiche, les plus anciennes d’abord.")
    fold = marc.fold("Garder cette vue")
    marc.press("Garder", fold)
    page.get_by_role("alert").wait_for()
    fold = marc.fold("Garder cette vue")
    marc.write(fold, "Nom de la vue", "En retard")
    marc.press("Garder", fold)
    marc.reads("La vue « En retard » est gardée.")
    for tab in ("Les miennes", "Chez mes collègues", "En attente de correction", "Traitées"):
        page.get_by_role("navigation", name="Parties de la file").get_by_role("link", name=tab).click()
        marc.look()
    marc.follow("En retard", page.get_by_role("navigation", name="Mes vues"))
    marc.reads("1 fiche, les plus anciennes d’abord.")
    marc.follow("Renommer ou supprimer")
    page.get_by_label("Nouveau nom").fill("")
    marc.press("Renommer")
    page.get_by_role("alert").wait_for()
    marc.press("Supprimer la vue En retard")
    marc.reads("Vous n’avez pas encore de vue.")


@pytest.mark.parametrize("size", SIZES)
def test_the_figures(morning: Morning, size: Size) -> None:
    marc = morning(2, size)
    marc.press("Prendre la suivante")
    marc.press("Valider et publier")
    marc.open("/moderation/chiffres/")
    for fold in marc.page.get_by_text("Voir en barres").all():
        fold.click()
    for image in marc.page.locator("img.graphique").all():
        image.scroll_into_view_if_needed()
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    marc.look()
    marc.open("/moderation/chiffres/?du=2026-02-01&au=2026-01-01")
    marc.reads("Le premier jour doit venir avant le dernier")


@pytest.mark.parametrize("size", SIZES)
def test_helping_a_structure_on_the_telephone(morning: Morning, size: Size) -> None:
    marc = morning(1, size)
    page = marc.page
    marc.follow("Remplir une fiche pour une structure")
    marc.follow("Nouvelle structure")
    marc.press("Créer la structure")
    page.get_by_role("alert").wait_for()
    marc.write(page, "Nom de la structure", "Les Glaneurs de mots")
    marc.choose(page, "Quelle sorte de structure ?", "Association")
    marc.write(page, "Adresse e-mail", "glaneurs@exemple.fr")
    marc.press("Créer la structure")
    marc.title("Les Glaneurs de mots")
    page.get_by_role("radio").first.check()
    marc.press("Commencer la fiche")
    marc.reads("Vous remplissez cette fiche pour Les Glaneurs de mots")
