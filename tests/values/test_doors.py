"""Field × door: what is typed, or sent in a file, has the same outcome at every door of a field, in the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, time
from random import Random
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.demo.bulk import FIRST_RANK, SHAPES, _house
from backoffice.demo.contents import Brief, compose, spread
from backoffice.demo.themes import THEMES
from backoffice.models.content import Contenu, Spot, leaves, put_at, spots
from backoffice.models.content.declare import Count
from backoffice.models.values import emails, numbers, telephones, urls
from backoffice.models.values.cells import says_nothing
from exports.importing.columns import BY_KEY
from exports.importing.files import Table
from exports.importing.reading import leaf_values
from exports.importing.tables import read_rows
from exports.lheo import fields
from forms.conventions import grants
from forms.fiches.labels import at
from forms.fiches.paths import PATHS
from forms.fiches.review import untrue
from forms.kit.saving import save
from forms.structures import new_structure
from forms.structures.pages import read_contacts
from tests.fiches.test_declared import whole
from tests.fiches.test_saving import FIND
from tests.importing.test_lheo import reread, written
from tests.support.contents import contents
from tests.values.test_readers import case

pytestmark = [pytest.mark.at("2026-11-29T10:00"), pytest.mark.once]

TODAY = date(2026, 11, 29)
ZEROS = "0" * 14
C09 = case("C09-telephones.json")
C09_ZEROS = C09["remettre_le_zero_a_l_import"]

INPUTS: dict[Any, tuple[tuple[str, ...], tuple[str, ...]]] = {
    telephones.read: (
        ("02 61 91 00 00", "+33 2 61 91 00 00", "0596 60 00 00", "261910000", *C09["accepter"], *C09_ZEROS),
        ("12", "02 61 91 00", "voir le site", "02 61 91 00 0O", *C09["refuser"]),
    ),
    emails.read: (
        ("accueil@exemple.fr", "Accueil@Exemple.fr"),
        ("voir le site", "néant", "accueil@", "a@exemple.fr, b@exemple.fr", "accueil@gamil.com"),
    ),
    numbers.siret: (
        ("778 972 851 00068", "77897285100068"),
        (ZEROS, "néant", "123", "77897285100069", "7.7897285100068E13"),
    ),
    numbers.nda: (("28 76 12345 67", "7331P001531"), ("néant", "123", "20761234567")),
    numbers.rna: (("W143000001", "w9r1001234"), ("néant", "W12", "143000001")),
    numbers.uai: (("0140001A", "140001A"), ("néant", "0140001B", "014")),
    numbers.certification: (("RS5398", "rncp38115"), ("néant", "RS")),
    numbers.postal_code: (("14000", "14 000"), ("néant", "140000", "abcde")),
    urls.read: (("https://exemple.fr/a", "www.exemple.fr"), ("néant", "javascript:alert(1)")),
    date: (
        ("15/09/2026", "1 er octobre 2026", "2026/09/15", "30 juin 2027"),
        ("31/02/2026", "demain", "30/06/2062", "15/09/2019", "15/09/1926"),
    ),
    time: (("9h30", "14:00"), ("midi", "25h")),
    int: (("12",), ("douze", "-1", "12,5", "1000000")),
    bool: (("oui", "non"), ("peut-être",)),
}
"""{reader or type of a field: (answers that are read, answers that are refused or asked again)}."""

SPOTS = [spot for spot in leaves() if not spot.hidden and spot.pattern != "actions[].lieu"]
each_spot = pytest.mark.parametrize("spot", SPOTS, ids=lambda spot: spot.pattern)

Outcome = tuple[Any, str]
"""(value, ""), or (None, the fault in French)."""


def inputs(spot: Spot) -> Iterator[str]:
    """Answers to try at a field, good and bad."""
    if spot.choices:
        code, label = next(iter(spot.choices.items()))
        yield from (code, label, "Réponse inconnue", "néant")
    elif isinstance(spot.reader, Count) or spot.kind in (date, time, bool):
        yield from (text for texts in INPUTS[spot.kind] for text in texts)
    elif spot.reader is not None:
        yield from (text for texts in INPUTS[spot.reader] for text in texts)
    elif spot.type is str:
        limit = fields.limit_of(spot)
        yield from ("Un texte d’ici", ".", "é" * limit, "é" * (limit + 1))


def path_of(pattern: str) -> str:
    return pattern.replace("[]", "-0").replace(".", "-")


def outcome(value: Any, fault: str) -> Outcome:
    return (None, fault) if fault else (value, "")


# --- The doors ---------------------------------------------------------------------------------------


def by_reader(spot: Spot, text: str) -> Outcome:
    answer = fields.read(spot, text, TODAY)
    return outcome(answer.value, answer.fault)


def by_form(spot: Spot, text: str) -> Outcome:
    path = path_of(spot.pattern)
    step = next(step for one in PATHS.values() for step in one.steps if step.question(spot.pattern))
    field = save(step, whole(), {}, MultiDict([(path, text)]), FIND).form.field(path)
    assert field is not None
    return outcome(field.data, " ".join(field.errors))


def by_table(spot: Spot, text: str) -> Outcome:
    column = BY_KEY[spot.pattern]
    titles = {"formation.intitule": "Un titre", "structure.nom": "Les Mots", spot.pattern: text}
    table = Table([BY_KEY[key].header for key in titles], [(2, list(titles.values()))])
    (read,) = read_rows(table, dict(enumerate(titles)), grouped=True)
    faults = [remark.message for remark in read.remarks if remark.path == path_of(spot.pattern)]
    start = f"Ligne 2, colonne « {column.header} » : "
    assert all(fault.startswith(start) for fault in faults)
    return outcome(_at(read.content, spot), "".join(faults).removeprefix(start))


def _at(content: Contenu, spot: Spot) -> Any:
    try:
        return at(content, path_of(spot.pattern))
    except LookupError:
        return fields.read(spot, "", TODAY).value


def by_file(spot: Spot, text: str) -> Outcome:
    """A flow of somebody else, where the element of the field holds this text."""
    content, path = whole(), path_of(spot.pattern)
    put_at(content, path, MARKS[spot.reader])
    xml = written(content)
    read = reread(xml.replace(f">{MARKS[spot.reader]}<", f">{escape(text)}<"))
    words = [remark.message for remark in read.remarks if remark.path == path]
    return outcome(at(read.content, path), next(iter(words), ""))


MARKS = {
    telephones.read: "02 61 91 77 71",
    emails.read: "marque@exemple.fr",
    urls.read: "https://marque.example/",
}


def by_review(spot: Spot, text: str) -> Outcome:
    """The text stored as it is, whatever let it in."""
    content, path = whole(), path_of(spot.pattern)
    put_at(content, path, text)
    (*findings,) = [one.message for one in untrue(content, TODAY) if one.path == path]
    said = findings[0].partition("\N{NO-BREAK SPACE}: ")[2] if findings else ""
    return outcome(at(fields.settled(content, TODAY), path), said)


def by_page_of_the_structure(spot: Spot, text: str) -> Outcome:
    name = f"accueil-{spot.name}"
    contacts, errors = read_contacts({name: text})
    return outcome(getattr(contacts["accueil"], spot.name), errors.get(name, ""))


def by_new_structure(spot: Spot, text: str) -> Outcome:
    structure, errors = new_structure.read({"nom": "Les Mots", "categorie": "association", spot.name: text})
    stored = structure.contact if spot.name in ("telephone", "courriel") else structure
    return outcome(getattr(stored, spot.name), errors.get(spot.name, ""))


def by_grant(spot: Spot, text: str) -> Outcome:
    name = {"siret": "siret", "rna": "rna", "courriel": "contact_pne"}[spot.name]
    grant, errors = grants.read({"nom": "Les Mots", name: text}, {"14": "Calvados"})
    return outcome(getattr(grant, name), errors.get(name, ""))


CONTACT = ("structure.contact.telephone", "structure.contact.courriel")
DOORS: dict[str, tuple[Callable[[Spot, str], Outcome], Callable[[Spot], bool]]] = {
    "formulaire, correction d’un modérateur": (by_form, lambda spot: spot.kind is not bool),  # a box is ticked or not
    "tableau": (by_table, lambda spot: spot.pattern in BY_KEY),
    "fichier LHEO": (by_file, lambda spot: spot.reader in MARKS and "porteuse" not in spot.pattern),
    "relecture": (by_review, lambda spot: spot.type is str),
    "page de la structure": (by_page_of_the_structure, lambda spot: spot.pattern in CONTACT),
    "structure nouvelle": (by_new_structure, lambda spot: spot.pattern in ("structure.siret", *CONTACT)),
    "subvention": (by_grant, lambda spot: spot.pattern in ("structure.siret", "structure.rna", CONTACT[1])),
}


@each_spot
def test_the_same_answer_has_the_same_outcome_at_every_door(spot):
    for text in inputs(spot):
        expected = by_reader(spot, text)
        for name, (door, opens) in DOORS.items():
            if not opens(spot) or (says_nothing(text) and door not in (by_form, by_page_of_the_structure)):
                continue  # another answer, or a default, stands instead; stored, it is refused: see below
            found = door(spot, text)
            assert found[1] == expected[1], f"{name} : {text[:60]}"
            assert bool(expected[1]) or found == expected, f"{name} : {text[:60]}"


@pytest.mark.parametrize("pattern", [spot.pattern for spot in SPOTS if spot.reader is telephones.read])
def test_a_telephone_is_stored_in_one_form_at_every_door(pattern):
    spot = spots()[pattern]
    for name, (door, opens) in DOORS.items():
        if opens(spot):
            for text in ("02 31 00 11 22", "+33 (0)2 31 00 11 22", "02.31.00.11.22", "+33231001122"):
                assert door(spot, text) == ("+33231001122", ""), name
            assert door(spot, "36 46") == ("3646", ""), name


@pytest.mark.parametrize("reader", INPUTS, ids=lambda reader: f"{reader.__module__}.{reader.__qualname__}")
def test_what_is_good_is_read_and_what_is_bad_is_refused(reader):
    good, bad = INPUTS[reader]
    asked = [spot for spot in SPOTS if (spot.reader or spot.kind) is reader or (reader is int and spot.kind is int)]
    assert asked
    for spot in asked:
        assert [text for text in good if by_reader(spot, text)[1]] == []
        assert [text for text in bad if not by_reader(spot, text)[1] and not says_nothing(text)] == []


def test_what_says_nothing_is_empty_at_a_door_and_refused_once_stored():
    content = whole()
    content.structure.contact.telephone = "néant"
    assert by_reader(spots()["structure.contact.telephone"], "néant") == ("", "")
    assert "structure-contact-telephone" in dict(fields.faults(content, TODAY))


# --- Whatever the door -------------------------------------------------------------------------------


def sound(content: Contenu) -> None:
    """It passes the review, and its values are in their stored form."""
    assert fields.faults(content, local_day(now())) == []
    before = _said(content)
    assert _said(fields.settled(content, local_day(now()))) == before


@pytest.mark.parametrize("region", ["28", "44", "11", "04"])
def test_what_the_seeds_write_passes_the_review(region):
    for rank in range(20):
        theme, title = spread(THEMES, rank)
        brief = Brief(_house(FIRST_RANK + rank, region), theme, date(2026, 9, 14), title, SHAPES[0])
        sound(compose(brief, Random(rank)))


def _said(content: Contenu) -> list[tuple[str, Any]]:
    return list(leaf_values(content))


@given(contents())
@settings(max_examples=15, deadline=None)
def test_what_the_form_stores_reads_back_equal_and_passes_the_review(content):
    sound(fields.settled(content, TODAY))


@given(contents())
@settings(max_examples=15, deadline=None)
def test_what_a_flow_brings_back_reads_back_equal_and_passes_the_review(content):
    sound(reread(written(fields.settled(content, TODAY))).content)


CELLS = st.one_of(
    st.sampled_from([text for good, bad in INPUTS.values() for text in (*good, *bad)]), st.text(max_size=20)
)


@given(st.dictionaries(st.sampled_from([spot.pattern for spot in SPOTS if spot.pattern in BY_KEY]), CELLS))
@settings(max_examples=60, deadline=None)
def test_nothing_that_the_review_refuses_comes_from_a_table_unsaid(cells):
    cells = {key: text for key, text in cells.items() if text.strip()} | {"formation.intitule": "Un titre"}
    (read,) = read_rows(Table([BY_KEY[key].header for key in cells], [(2, list(cells.values()))]),
                        dict(enumerate(cells)), grouped=True)  # fmt: skip
    told = {remark.path for remark in read.remarks}
    assert {path for path, _ in fields.faults(read.content, TODAY)} <= told


@given(st.sampled_from([spot.pattern for spot in SPOTS]), CELLS)
@settings(max_examples=100, deadline=None)
def test_a_value_that_was_read_is_read_again_as_itself(pattern, text):
    spot = spots()[pattern]
    first = fields.read(spot, text, TODAY)
    if not first.fault and first.value not in ("", None, []):
        assert fields.read(spot, first.value, TODAY).value == first.value
