"""Each reader of values: what it understands, what it asks again, what it refuses. Pure tables, no base.

What failed once is read from the published cases, and beside it others of the same kinds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest

from backoffice.models.content.vocabulary import NIVEAUX_ORAL, PUBLICS, RECRUTEMENTS
from backoffice.models.values import amounts, answers, emails, hours, numbers, telephones, urls
from backoffice.models.values.answers import Unit
from backoffice.models.values.cells import AGAIN, said, settled, text_of
from backoffice.models.values.faults import Doubt, Fault
from backoffice.reference.communes import regions
from backoffice.reference.mailboxes import private_hosts
from tests.support.services import SHARED


def case(name: str) -> Any:
    return json.loads((SHARED / "cases" / name).read_text())


def refused(read: Callable[[Any], Any], cell: Any, words: str = ".") -> None:
    with pytest.raises(Fault, match=words) as found:
        read(cell)
    assert not isinstance(found.value, Doubt)


# --- Cells ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [None, "", " ", ".", " . ", "..", "…", "-", "–", "/", "\u200b", "\u00a0"])
def test_an_answer_that_only_fills_the_field_is_empty(cell):
    assert said(cell) == ""


@pytest.mark.parametrize(
    ("cell", "text"),
    [(12.0, "12"), (12, "12"), (98.075, "98.075"), (True, "oui"), (False, "non"), (time(9, 30), "09:30")],
)
def test_a_cell_is_said_as_a_person_writes_it(cell, text):
    assert text_of(cell) == text


def test_a_doubt_is_taken_when_the_same_text_is_sent_again():
    with pytest.raises(Fault, match=AGAIN):
        settled(emails.read, "a@gmial.com", "")
    with pytest.raises(Fault, match=AGAIN):
        settled(emails.read, "a@gmial.com", "b@gmial.com")
    assert settled(emails.read, " a@gmial.com", "a@gmial.com") == "a@gmial.com"
    assert settled(emails.read, "a@gmail.com", "a@gmial.com") == "a@gmail.com"
    with pytest.raises(Fault, match="n’est pas une adresse e-mail"):
        settled(emails.read, "accueil", "accueil")


# --- Telephones -----------------------------------------------------------------------------------------

TELEPHONES = {
    "02 31 00 00 00": "+33231000000",
    "02.31.00.00.00": "+33231000000",
    "02-31-00-00-00": "+33231000000",
    "0231000000": "+33231000000",
    "+33 2 31 00 00 00": "+33231000000",
    "+33 (0)2 31 00 00 00": "+33231000000",
    "0033 2 31 00 00 00": "+33231000000",
    "33231000000": "+33231000000",
    "231000000.0": "+33231000000",
    231000000.0: "+33231000000",
    "0262 12 34 56": "+262262123456",
    "0692 12 34 56": "+262692123456",
    "692123456": "+262692123456",
    "0269 61 12 34": "+262269611234",
    "0590 27 12 34": "+590590271234",
    "0690 12 34 56": "+590690123456",
    "0594 12 34 56": "+594594123456",
    "0696 12 34 56": "+596696123456",
    "0800 12 34 56": "+33800123456",
    "+377 97 77 00 00": "+37797770000",
    "+687 25 12 34": "+687251234",
    "3949": "3949",
    "36 46": "3646",
}


@pytest.mark.parametrize("cell", TELEPHONES)
def test_a_telephone_has_one_stored_form(cell):
    assert telephones.read(cell) == TELEPHONES[cell]
    assert telephones.read(TELEPHONES[cell]) == TELEPHONES[cell]
    assert telephones.read(telephones.shown(TELEPHONES[cell])) == TELEPHONES[cell]


SHOWN = {
    "+33231000000": "02 31 00 00 00",
    "+33800123456": "0 800 12 34 56",
    "+262692123456": "0692 12 34 56",
    "+37797770000": "+377 97 77 00 00",
    "3949": "39 49",
    "": "",
    "0231000000": "02 31 00 00 00",
    "02.31.00.00.00": "02 31 00 00 00",
    "jamais lu": "jamais lu",
}


@pytest.mark.parametrize("stored", SHOWN)
def test_a_telephone_is_shown_in_one_way(stored):
    assert telephones.shown(stored) == SHOWN[stored]


@pytest.mark.parametrize(
    "cell",
    [
        *case("C09-telephones.json")["refuser"],
        "12", "7.55682", "411234",
        "voir le site", "02 31 00 00", "02 31 00 00 00 00", "0231000000 poste 12", "11 11 11 11 11", "4949",
        "16123456789", "2,31E+08", "+999 1", "115115", "1" * 400,
    ],
)  # fmt: skip
def test_what_is_no_telephone_is_refused(cell):
    refused(telephones.read, cell)


def test_two_telephones_are_not_one():
    refused(telephones.read, "02 31 00 00 00 / 06 12 34 56 78", "plusieurs numéros")


def test_the_case_of_telephones():
    known = case("C09-telephones.json")
    for text in known["accepter"]:
        assert telephones.read(text)
    for text, zero in known["remettre_le_zero_a_l_import"].items():
        assert telephones.read(text) == telephones.read(zero)


# --- E-mails --------------------------------------------------------------------------------------------

EMAILS = {
    "Fatou+Relais@Exemple.FR": "fatou+relais@exemple.fr",
    " accueil@orange.fr ": "accueil@orange.fr",
    "accueil@exemple.fr\u200b": "accueil@exemple.fr",
    "accueil@exemple.fr.": "accueil@exemple.fr",
    "mailto:accueil@exemple.fr": "accueil@exemple.fr",
    "accueil@école.fr": "accueil@xn--cole-9oa.fr",
    "marc.modèle@exemple.fr": "marc.modèle@exemple.fr",
    **{f"a@{host}": f"a@{host}" for host in ("gmail.com", "ymail.com", "yahoo.gr", "hotmail.it", "free.fr", "sfr.fr")},
}


@pytest.mark.parametrize("text", EMAILS)
def test_an_address_is_folded(text):
    assert emails.read(text) == EMAILS[text]


ASKED = {
    "nomprenom@gmail.coù": "nomprenom@gmail.com",
    "accueil@gmail.con": "accueil@gmail.com",
    "accueil@gmial.com": "accueil@gmail.com",
    "l’asso@exemple.fr": "l'asso@exemple.fr",
    "a@gamil.com": "a@gmail.com",
    "a@gmail.fr": "a@gmail.com",
    "a@gmail.co": "a@gmail.com",
    "a@hotmial.fr": "a@hotmail.fr",
    "a@outlok.fr": "a@outlook.fr",
    "a@ornage.fr": "a@orange.fr",
    "a@wanado.fr": "a@wanadoo.fr",
    "a@orange.rf": "a@orange.fr",
    "a@association.ogr": "a@association.org",
}


@pytest.mark.parametrize("text", ASKED)
def test_a_likely_typing_error_is_asked_again_with_a_suggestion(text):
    with pytest.raises(Doubt, match="faute de frappe") as asked:
        emails.read(text)
    assert asked.value.suggestion == ASKED[text]
    assert emails.read(asked.value.suggestion) == asked.value.suggestion


def test_the_case_of_emails():
    known = case("C11-courriels.json")
    for text, words in known["accepter"].items():
        assert emails.read(text) == words.split()[0]
    for text in known["demander_confirmation"]:
        with pytest.raises(Doubt):
            emails.read(text)


@pytest.mark.parametrize("text", ["voir le site", "accueil", "a@b", "@exemple.fr", "a@exemple..fr", "néant", "a" * 300])
def test_what_is_no_address_is_refused(text):
    refused(emails.read, text, "n’est pas une adresse e-mail")


def test_two_addresses_are_not_one():
    refused(emails.read, "a@exemple.fr ; b@exemple.fr", "plusieurs adresses")


def test_the_hosts_whose_spelling_is_known_are_mailboxes():
    assert set(emails.MAILBOXES) <= private_hosts()


# --- Numbers --------------------------------------------------------------------------------------------

NUMBERS = [
    (numbers.siret, "732 829 320 00074", "73282932000074"),
    (numbers.siret, "73282932000074.0", "73282932000074"),
    (numbers.siret, 73282932000074.0, "73282932000074"),
    (numbers.siret, 73282932000074, "73282932000074"),
    (numbers.siret, "35600000000048", "35600000000048"),
    (numbers.siret, "356 000 000 00015", "35600000000015"),
    (numbers.siret, "00552013500012", "00552013500012"),
    (numbers.siret, "552013500012", "00552013500012"),
    (numbers.siret, 552013500012.0, "00552013500012"),
    (numbers.nda, "28 76 12345 67", "28761234567"),
    (numbers.nda, 28761234567.0, "28761234567"),
    (numbers.nda, "7331P001531", "7331P001531"),
    (numbers.nda, "7331 p 001531", "7331P001531"),
    (numbers.nda, "01 97 12345 67", "01971234567"),
    (numbers.uai, "0140001a", "0140001A"),
    (numbers.uai, "140001A", "0140001A"),
    (numbers.certification, 38115.0, "38115"),
    (numbers.certification, "RNCP 38115", "38115"),
    (numbers.certification, "rs5398", "RS5398"),
    (numbers.postal_code, "14000.0", "14000"),
    (numbers.postal_code, 1400, "01400"),
    (numbers.postal_code, "14 000", "14000"),
    (numbers.postal_code, "F-14000", "14000"),
]


@pytest.mark.parametrize(("read", "cell", "stored"), NUMBERS)
def test_a_number_has_one_stored_form(read, cell, stored):
    assert read(cell) == stored
    assert read(stored) == stored


NO_NUMBERS = [
    (numbers.siret, case("C14-siret-zeros.json")["texte"], "zéros"),
    (numbers.siret, "0", "14 chiffres"),
    (numbers.siret, 0, "14 chiffres"),
    (numbers.siret, "73282932000000", "contient une erreur"),
    (numbers.siret, "73282932000075", "contient une erreur"),
    (numbers.siret, "7328293200007", "14 chiffres"),
    (numbers.siret, "7,32829E+13", "arrondi par le tableur"),
    (numbers.siret, "7.32829e+13", "arrondi par le tableur"),
    (numbers.siret, "７３２８２９３２００００７４", "14 chiffres"),
    (numbers.nda, "00000000000", "aucune région"),
    (numbers.nda, "7331X001531", "11 chiffres"),
    (numbers.nda, "2,87612E+10", "arrondi par le tableur"),
    (numbers.uai, "0140001B", "sa lettre"),
    (numbers.uai, "0000000A", "sa lettre"),
    (numbers.certification, "RS", "RNCP"),
    (numbers.postal_code, "abc", "code postal"),
    (numbers.postal_code, "140", "code postal"),
]


@pytest.mark.parametrize(("read", "cell", "words"), NO_NUMBERS)
def test_a_wrong_number_is_explained(read, cell, words):
    refused(read, cell, words)


def test_the_case_of_associations_overseas():
    known = case("C01-rna-outre-mer.json")
    for text, stored in known["accepter"].items():
        assert numbers.rna(text) == stored
    for text in known["refuser"]:
        refused(numbers.rna, text, "n’est pas un numéro RNA")


def test_zeros_have_the_keys_and_are_no_number():
    assert not numbers.siret_is_valid("0" * 14)
    assert numbers.siret_is_valid("73282932000074")


def test_every_region_gives_activity_numbers():
    assert {code for code in regions() if code[0] != "9" or code in ("93", "94")} <= numbers.NDA_REGIONS


# --- Amounts --------------------------------------------------------------------------------------------

AMOUNTS = {
    "12 500": 1_250_000,
    "12.500,50 €": 1_250_050,
    "12,500.50": 1_250_050,
    "1.234.567": 123_456_700,
    "0": 0,
    "7,5": 750,
    "1\u202f000 euros": 100_000,
    "10.25": 1_025,
    "0,500": 50,
    98.075: 9_808,
    12500.0: 1_250_000,
    0.005: 1,
}


@pytest.mark.parametrize("cell", AMOUNTS)
def test_an_amount_is_read_in_cents(cell):
    assert amounts.cents(cell) == AMOUNTS[cell]


@pytest.mark.parametrize("text", ["12,500", "12.500", "98.075", "1,000 €"])
def test_an_ambiguous_amount_is_asked_again(text):
    refused(amounts.cents, text, "deux façons")


@pytest.mark.parametrize(
    "cell", ["douze", "-5", -5, "12 000 000 000 000", "", "1e9", float("nan"), float("inf"), 1e20, True]
)
def test_what_is_no_amount_is_refused(cell):
    refused(amounts.cents, cell, "montant")


# --- Hours and weeks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    ["9h30", "09:30", "9 h 30", "9:30", "9 heures 30", "09:30:00", time(9, 30), timedelta(hours=9.5), 9.5 / 24],
)
def test_an_hour_is_read(cell):
    assert hours.hour(cell) == time(9, 30)


@pytest.mark.parametrize("cell", ["midi", "24:00", "9h75", "930", 25.0, "-1:00"])
def test_what_is_no_hour_is_refused(cell):
    refused(hours.hour, cell, "n’est pas une heure")


def morning(*days: str) -> list[hours.Slot]:
    return [(day, time(9), time(12)) for day in days]


WEEKS = {
    "du lundi au vendredi 9h-12h": morning(*hours.WEEK[:5]),
    "Du lundi au vendredi, de 9h à 12h": morning(*hours.WEEK[:5]),
    "lundi à mercredi 9h - 12h": morning("lundi", "mardi", "mercredi"),
    "lundi 9h00/12h00": morning("lundi"),
    "lundi 9-12h": morning("lundi"),
    "lundi 9h-12": morning("lundi"),
    "lundi : 9h à 12h": morning("lundi"),
    "le lundi de 9:00 à 12:00": morning("lundi"),
    "tous les lundis et jeudis de 9 h à 12 h": morning("lundi", "jeudi"),
    "Lun., mar. et jeu. 9h–12h": morning("lundi", "mardi", "jeudi"),
    "lundi 9h-12h\nmardi 9h-12h": morning("lundi", "mardi"),
    "lundi 9h-12h et 14h-16h30": [*morning("lundi"), ("lundi", time(14), time(16, 30))],
    "lundi 9h-12h et mardi 14h-16h": [*morning("lundi"), ("mardi", time(14), time(16))],
    "lundi (9h-12h) ; samedi (9h-12h)": morning("lundi", "samedi"),
    "lundi 9h-12h, lundi 9h-12h": morning("lundi"),
}


@pytest.mark.parametrize("text", WEEKS)
def test_a_week_is_read(text):
    assert hours.slots(text) == WEEKS[text]


@pytest.mark.parametrize(
    "text",
    [
        "mardi matin", "lundi-vendredi 9h-12h", "vendredi 9h-12h sauf vacances", "9h-12h", "lundi", "lundi 9-12",
        "à définir", "lundi 9h-12h ; mardi", "lundi 25h-26h", "lundi " + " " * 5000 + "x",
    ],
)  # fmt: skip
def test_a_week_understood_in_part_is_refused_whole(text):
    refused(hours.slots, text)


# --- Counts, yes and no, closed lists -----------------------------------------------------------------------

COUNTS = [
    ("12", Unit.NONE, 12), (12.0, Unit.NONE, 12), ("12.0", Unit.NONE, 12), ("1 200", Unit.NONE, 1200),
    ("60h", Unit.HEURES, 60), ("60 h.", Unit.HEURES, 60), ("60 heures", Unit.HEURES, 60), ("60h00", Unit.HEURES, 60),
    ("30 semaines", Unit.SEMAINES, 30), ("30 sem.", Unit.SEMAINES, 30), ("1 semaine", Unit.SEMAINES, 1),
    ("12 pers.", Unit.PERSONNES, 12), ("12 personnes maximum", Unit.PERSONNES, 12), ("12 max", Unit.PERSONNES, 12),
    ("50 places libres", Unit.PERSONNES, 50), ("12 stagiaires", Unit.PERSONNES, 12), ("20 €", Unit.EUROS, 20),
    ("20 euros", Unit.EUROS, 20),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "unit", "value"), COUNTS)
def test_a_count_may_say_its_unit(cell, unit, value):
    assert answers.count(cell, unit) == value


@pytest.mark.parametrize(
    ("cell", "unit"),
    [
        ("60 h", Unit.SEMAINES), ("30 semaines", Unit.HEURES), ("12 €", Unit.PERSONNES), ("12 %", Unit.NONE),
        ("-12", Unit.NONE), ("12,5", Unit.NONE), (12.5, Unit.NONE), ("12 à 15", Unit.PERSONNES), ("douze", Unit.NONE),
        ("60h30", Unit.HEURES), ("12.000", Unit.NONE), ("９", Unit.NONE), ("1e3", Unit.NONE), (float("inf"), Unit.NONE),
    ],
)  # fmt: skip
def test_what_is_no_count_of_this_unit_is_refused(cell, unit):
    refused(lambda one: answers.count(one, unit), cell, "nombre entier")


def test_a_count_has_its_bounds():
    refused(lambda one: answers.count(one, low=5, high=1_000), "4", "entre 5 et 1\u00a0000")


@pytest.mark.parametrize(("cell", "value"), [("Oui", True), ("x", True), (True, True), (1.0, True), ("non", False)])
def test_a_yes_or_a_no(cell, value):
    assert answers.yes(cell) is value


def test_a_perhaps_is_refused():
    refused(answers.yes, "peut-être", "oui ou non")


CHOSEN = [
    ("ouvertes", RECRUTEMENTS, "1"), ("Inscriptions ouvertes", RECRUTEMENTS, "1"), (1.0, RECRUTEMENTS, "1"),
    ("Complet", RECRUTEMENTS, "2"), ("complète", RECRUTEMENTS, "2"), ("closes", RECRUTEMENTS, "2"),
    ("suspendues", RECRUTEMENTS, "3"), ("A1", NIVEAUX_ORAL, "A1"), ("A1.1", NIVEAUX_ORAL, "A1.1"),
    ("a1.1 comprend un peu", NIVEAUX_ORAL, "A1.1"), ("A1 – se présente", NIVEAUX_ORAL, "A1"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "table", "code"), CHOSEN)
def test_a_choice_is_recognised(cell, table, code):
    assert answers.one_of(cell, table) == code


@pytest.mark.parametrize(
    ("cell", "table"),
    [("pas encore ouvertes", RECRUTEMENTS), ("Inscriptions", RECRUTEMENTS), ("B", NIVEAUX_ORAL), ("9", RECRUTEMENTS)],
)
def test_a_choice_that_could_be_several_or_none_is_refused(cell, table):
    refused(lambda one: answers.one_of(one, table), cell, "hors de la liste")


def test_a_list_understood_in_part_is_refused_whole():
    assert answers.some_of("Femmes ; 81042", PUBLICS) == ["81018", "81042"]
    refused(lambda one: answers.some_of(one, PUBLICS), "Femmes ; martiens", "martiens")


# --- Web pages --------------------------------------------------------------------------------------------


def test_the_address_of_a_page():
    assert urls.read("www.exemple.fr/a") == "https://www.exemple.fr/a"
    assert urls.read("http://exemple.fr") == "http://exemple.fr"
    for text in ("exemple", "javascript:alert(1)", "ftp://exemple.fr", "https://", "http://ex emple.fr"):
        refused(urls.read, text, "adresse internet")
