"""What a structure takes away of a fiche: the leaflet for learners, the meetings for an agenda."""

from __future__ import annotations

import pytest
from icalendar import Calendar

from backoffice.core.extensions import db
from backoffice.models import RevisionState
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.visitor import Visitor


@pytest.fixture
def visitor(app, nadia):
    return Visitor(app, nadia)


def published(nadia):
    return make.fiche_in(RevisionState.VALIDEE, nadia, make.moderator())


def test_a_draft_is_marked_as_such(visitor, nadia):
    content = make.complete_content()
    content.lieux[0].transport = "Bus 3, arrêt Mairie"
    words = open_page(visitor, f"/fiches/{make.draft(nadia, content).id}/affichette").words("//article")
    assert "Brouillon" in words
    for expected in (
        "Ateliers de français du quartier des Tilleuls",
        "Gratuit",
        "Mardi de 9 h 30 à 11 h 30",
        "Du mardi 15 septembre 2026 au mercredi 30 juin 2027",
        "Maison de quartier 12 rue des Tilleuls 14000 Caen".replace(" 12", "12").replace(" 14000", "14000"),
        "Pour venir : Bus 3, arrêt Mairie",
        "Venir à l’accueil le lundi",
        "02 61 91 00 00",
    ):
        assert expected in words


def test_a_published_fiche_shows_what_readers_see(visitor, nadia):
    fiche = published(nadia)
    visitor.post(f"/fiches/{fiche.id}/modifier")
    content = fiche.latest.content
    content.formation.intitule = "Un titre pas encore vérifié"
    fiche.latest.content = content
    db.session.commit()
    words = open_page(visitor, f"/fiches/{fiche.id}/affichette").words("//article")
    assert "Brouillon" not in words
    assert "Ateliers de français du quartier des Tilleuls" in words
    words = open_page(visitor, f"/fiches/{fiche.id}/affichette?version=brouillon").words("//article")
    assert "Brouillon" in words
    assert "Un titre pas encore vérifié" in words


def test_one_group_may_be_chosen(visitor, nadia):
    content = make.two_places()
    evening = make.complete_content().actions[0]
    evening.id, evening.nom, evening.lieu = "G5", "Groupe du soir", "L4"
    content.actions.append(evening)
    fiche = make.draft(nadia, content)
    words = open_page(visitor, f"/fiches/{fiche.id}/affichette").words("//article")
    assert "Groupe débutants" in words
    assert "Groupe du soir" in words
    words = open_page(visitor, f"/fiches/{fiche.id}/affichette?groupe=G5").words("//article")
    assert "Groupe débutants" not in words
    assert "Bibliothèque" in words
    assert "Maison de quartier" not in words


def test_an_empty_draft_has_a_leaflet_and_no_meeting(visitor, nadia):
    content = make.complete_content()
    content.actions, content.lieux = [], []
    fiche = make.draft(nadia, content)
    assert "pas encore dits" in open_page(visitor, f"/fiches/{fiche.id}/affichette").words("//article")
    assert visitor.get(f"/fiches/{fiche.id}/seances.ics").status_code == 404
    links = open_page(visitor, f"/fiches/{fiche.id}/relecture").links("//main")
    assert not any("seances.ics" in link for link in links)


def test_both_are_offered_where_the_preview_is(visitor, nadia):
    fiche = make.draft(nadia)
    links = open_page(visitor, f"/fiches/{fiche.id}/relecture").links("//main")
    assert f"/fiches/{fiche.id}/affichette?version=brouillon" in links
    assert f"/fiches/{fiche.id}/seances.ics?version=brouillon" in links


def test_the_agenda_file(visitor, nadia):
    fiche = published(nadia)
    answer = visitor.get(f"/fiches/{fiche.id}/seances.ics")
    assert answer.mimetype == "text/calendar"
    assert f"seances-{fiche.numero}.ics" in answer.headers["Content-Disposition"]
    assert len(Calendar.from_ical(answer.data).walk("VEVENT")) == 2
