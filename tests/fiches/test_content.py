"""The typed document: read back as written, refused when misshapen, each leaf at a real LHEO path."""

from __future__ import annotations

import json
from datetime import time

import pytest

from backoffice.models.content import (
    Action,
    ContentError,
    Contenu,
    Creneau,
    Lieu,
    Session,
    dump,
    fingerprint,
    label_of,
    load,
    pattern_of,
    spots,
    values,
)
from exports.lheo import grammar
from tests.support.factories import complete_content


def test_a_document_is_read_back_as_it_was_written():
    content = complete_content()
    assert load(json.loads(json.dumps(dump(content)))) == content


def test_a_document_written_before_a_field_existed_is_still_read():
    document = dump(complete_content())
    del document["actions"][0]["garde_enfants"]
    del document["inscription"]
    assert load(document).actions[0].garde_enfants == ""


MISSHAPEN = {
    "champ inconnu": {"inconnu": 1},
    "texte pour une liste": {"lieux": "Caen"},
    "liste pour un objet": {"formation": []},
    "nombre pour un texte": {"formation": {"intitule": 3}},
    "booléen pour un nombre": {"dernier_repere": True},
    "date impossible": {"inscription": {"debut": "2026-02-31"}},
    "nombre pour une date": {"inscription": {"debut": 20260101}},
    "liste de nombres": {"formation": {"publics": [81023]}},
}


@pytest.mark.parametrize("document", MISSHAPEN.values(), ids=MISSHAPEN)
def test_a_misshapen_document_is_refused(document):
    with pytest.raises(ContentError):
        load(document)


def test_the_fingerprint_depends_on_the_content_and_on_nothing_else():
    document = dump(complete_content())
    shuffled = dict(reversed(document.items()))
    assert fingerprint(document) == fingerprint(shuffled)
    assert fingerprint(document) != fingerprint(dump(complete_content("Un autre titre")))


@pytest.mark.parametrize("spot", [s for s in spots().values() if s.lheo], ids=lambda s: s.pattern)
def test_each_lheo_path_exists_in_the_grammar(spot):
    element = grammar.resolve(spot.lheo)
    assert element.name == spot.lheo.rpartition("/")[2]
    if element.kind is grammar.Kind.TEXT and spot.type is str:
        assert grammar.limit(spot.lheo)[1] - spot.reserve > 0


def test_patterns_and_paths():
    assert pattern_of("actions-0-creneaux-11-jour") == "actions[].creneaux[].jour"
    assert label_of("actions-0-creneaux-1-jour") == "Groupe 1, créneau 2, Jour"
    assert label_of("formation-intitule") == "Intitulé"
    content = complete_content()
    assert list(values(content, "actions[].creneaux[].jour")) == [
        ("actions-0-creneaux-0-jour", "mardi"),
        ("actions-0-creneaux-1-jour", "jeudi"),
    ]


def test_local_ids_are_never_given_twice():
    content = Contenu()
    given = [content.new_id(kind) for kind in (Lieu, Action, Session)]
    content.lieux.clear()
    assert [*given, content.new_id(Lieu)] == ["L1", "G2", "S3", "L4"]


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [(time(9, 30), time(11, 30), 120), (time(9), time(9, 45), 45), (time(11), time(9), 0), (None, time(9), 0)],
)
def test_minutes_of_a_slot(start, end, minutes):
    assert Creneau("mardi", start, end).minutes == minutes


def test_hours_are_declared_else_computed():
    action = complete_content().actions[0]
    assert (action.minutes_per_week, action.computed_hours, action.hours) == (240, 120, 120)
    action.heures_total = 100
    assert action.hours == 100
    action.heures_total = 0
    assert action.hours == 0
    action.heures_total, action.semaines = None, None
    assert action.hours is None


def test_the_only_place_needs_no_choice_and_several_do():
    content = complete_content()
    assert content.place_of(content.actions[0]) is content.lieux[0]
    content.lieux.append(Lieu("L8"))
    assert content.place_of(content.actions[0]) is None
    content.actions[0].lieu = "L8"
    assert content.place_of(content.actions[0]) is content.lieux[1]
