"""The differences as a moderator reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from backoffice.models.content import Action, Contenu, Lieu, Session
from backoffice.models.content.vocabulary import Dispositif
from forms.fiches.content_diff import Kind
from forms.fiches.content_diff_words import CAME, GONE, Shown, changes, highlighted
from forms.fiches.labels import full_label
from forms.fiches.paths import PATHS
from tests.support.factories import caen, complete_content, two_places

from .test_content_diff import FEW, later, stored_contents

ASL = PATHS[Dispositif.ASL]


def told(old: Contenu, new: Contenu) -> list[Shown]:
    return changes(old, new, ASL)


def only(old: Contenu, new: Contenu) -> Shown:
    (line,) = told(old, new)
    return line


def test_moved_dates_are_said_with_both_periods():
    old, new = complete_content(), complete_content()
    new.actions[0].sessions[0].debut = date(2026, 10, 6)
    line = only(old, new)
    assert (line.kind_words, line.section, line.label) == (
        "Déplacé",
        "Groupe 1 – Groupe débutants",
        "Groupe 1, dates 1",
    )
    assert (line.old, line.new) == ("du 15/09/2026 au 30/06/2027", "du 06/10/2026 au 30/06/2027")
    assert line.path == "actions-0-sessions-0"


def test_a_text_shows_which_words_came_and_went():
    old, new = complete_content(), complete_content()
    new.formation.objectif = "Se débrouiller chez le médecin, à la poste et à la mairie."
    line = only(old, new)
    assert (line.section, line.label, line.path) == ("Formation", "Objectifs", "formation-objectif")
    assert [(p.sign, p.text) for p in line.pieces if p.sign != "="] == [(GONE, "l’école"), (CAME, "la poste")]


def test_a_choice_is_said_in_its_words_and_whole():
    old, new = complete_content(), complete_content()
    new.formation.niveaux.vise_oral = "B1"
    line = only(old, new)
    assert "A2" in line.old
    assert "B1" in line.new
    assert line.pieces == ()


def test_an_answer_of_a_part_says_of_whom():
    old, new = complete_content(), complete_content()
    new.structure.contact = replace(new.structure.contact, telephone="+33261910001")
    line = only(old, new)
    assert line.label == "Accueil de la structure, Téléphone"
    assert (line.old, line.new) == ("02 61 91 00 00", "02 61 91 00 01")


def test_another_town_is_not_said_by_its_codes_but_other_codes_are():
    old, new = complete_content(), complete_content()
    new.lieux[0].adresse = replace(caen("Maison de quartier"), ville="Ifs", code_insee="14341")
    assert [line.label for line in told(old, new)] == ["Adresse, Ville"]
    new.lieux[0].adresse = replace(caen("Maison de quartier"), code_insee="14341")
    assert [line.label for line in told(old, new)] == ["Adresse, Code Insee"]


def test_a_new_group_lists_its_answers():
    old, new = complete_content(), complete_content()
    new.actions.append(Action(new.new_id(Action), "Le soir", sessions=[Session(new.new_id(Session), date(2026, 9, 1))]))
    line = only(old, new)
    assert (line.kind, line.label, line.path) == (Kind.NOUVELLE, "Groupe 2 – Le soir", "actions-1")
    assert ("Nom du groupe", "Le soir") in line.lines
    assert ("dates 1, Premier jour", "mardi 1er septembre 2026") in line.lines


def test_a_removed_place_says_what_it_was():
    old, new = two_places(), two_places()
    del new.lieux[1]
    line = only(old, new)
    assert (line.kind, line.label, line.path) == (Kind.RETIREE, "Lieu 2 – Bibliothèque – Caen", "")
    assert ("Adresse, Nom du lieu", "Bibliothèque") in line.lines


def test_a_group_in_another_place_names_both():
    old, new = two_places(), two_places()
    new.actions[0].lieu = "L4"
    line = only(old, new)
    assert (line.old, line.new) == ("Maison de quartier – Caen (lieu 1)", "Bibliothèque – Caen (lieu 2)")


def test_a_place_typed_again_does_not_move_its_group():
    old, new = two_places(), two_places()
    new.lieux[0].id = new.actions[0].lieu = new.new_id(Lieu)
    assert [line.kind for line in told(old, new)] == [Kind.RESSAISIE]


def test_what_no_question_asks_has_a_label_too():
    assert full_label("", ASL) == "Toute la fiche"
    assert full_label("actions-1-creneaux-0-debut", ASL) == "Groupe 2, créneau 1, Début"
    assert full_label("actions-1", ASL) == "Groupe 2"
    assert full_label("formation", ASL) == "Formation"


@given(st.data())
@FEW
def test_every_difference_is_told(data):
    """Save the codes of a town that changed, the counter of local ids, and a place that was only typed again."""
    old = data.draw(stored_contents())
    new = data.draw(later(old))
    lines = told(old, new)
    mute = [line for line in lines if line.kind not in (Kind.NOUVELLE, Kind.RETIREE) and line.old == line.new]
    assert mute == []
    assert bool(lines) == (replace(old, dernier_repere=0) != replace(new, dernier_repere=0))


@given(st.text(), st.text())
def test_the_pieces_make_both_texts(old, new):
    pieces = list(highlighted(old, new))
    assert "".join(piece.text for piece in pieces if piece.sign != CAME) == old
    assert "".join(piece.text for piece in pieces if piece.sign != GONE) == new
