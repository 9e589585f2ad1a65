"""The dated rules: each on both sides of its date and of its bounds, and a new one that needs no code."""

from __future__ import annotations

import json
from datetime import date, time, timedelta

import pytest

from backoffice.models.content import Creneau, Financeur, Session, spots
from backoffice.models.content.vocabulary import JOURS, Dispositif
from forms.fiches.dispositif_rules import FILE, Severity, in_force, met, read, rules
from forms.fiches.paths import PATHS
from forms.fiches.review import review, step_of
from tests.support.factories import complete_content

TODAY = date(2026, 9, 1)
ASL, OEPRE, OFII = Dispositif
CIRCULAR_2017, CIRCULAR_2025 = date(2017, 4, 3), date(2025, 9, 4)
MARKET_2025, LAW = date(2025, 7, 1), date(2026, 1, 1)


def content_of(dispositif, start=date(2026, 9, 15)):
    """An entry that meets no rule of its dispositif, save what is told to everybody."""
    content = complete_content()
    action = content.actions[0]
    action.sessions = [Session("S3", start, start + timedelta(60))]
    if dispositif is OEPRE:
        content.formation.objectifs_oepre = ["francais", "valeurs", "ecole"]
        content.formation.espaces_sociaux = []
        content.lieux[0].uai = content.structure.uai = "0140001A"
        content.financement.financeurs = [Financeur("19"), Financeur("12")]
        action.effectif_min, action.effectif_max = 8, 15
    if dispositif is OFII:
        content.structure.numero_activite = "28140000014"
        content.formation.espaces_sociaux = []
        content.financement.lot = "Lot 12"
        content.financement.financeurs = [Financeur("20")]
        action.intensite, action.heures_total = "intensif", 600
        action.creneaux = [Creneau(day, time(9), time(13)) for day in list(JOURS)[:5]]
    return content


def broken(content, dispositif, rows=None, today=TODAY):
    return {found.rule.nom: found.finding for found in met(content, dispositif, today, rows or rules())}


def asked(content, dispositif):
    told = met(content, dispositif, TODAY, rules())
    return {found.rule.nom for found in told if found.rule.gravite is not Severity.INFORME}


@pytest.mark.parametrize("dispositif", Dispositif)
def test_an_entry_that_follows_the_rules_meets_none(dispositif):
    content = content_of(dispositif)
    assert asked(content, dispositif) == set()
    assert review(content, PATHS[dispositif], {}, today=TODAY).complete


def first(content):
    return content.actions[0]


# nom: (dispositif, what breaks it, the day it begins)
BROKEN = {
    "asl-espaces-sociaux": (ASL, lambda c: c.formation.espaces_sociaux.clear(), None),
    "asl-bop-104": (ASL, lambda c: setattr(c.formation, "publics", ["81018"]), None),
    "oepre-objectifs": (OEPRE, lambda c: c.formation.objectifs_oepre.pop(), CIRCULAR_2017),
    "oepre-gratuit": (OEPRE, lambda c: setattr(c.financement, "cout", "payant"), CIRCULAR_2017),
    "oepre-ecole": (OEPRE, lambda c: setattr(c.lieux[0], "uai", ""), CIRCULAR_2017),
    "oepre-heures": (OEPRE, lambda c: setattr(first(c), "heures_total", 121), CIRCULAR_2017),
    "oepre-effectif-max": (OEPRE, lambda c: setattr(first(c), "effectif_max", 16), CIRCULAR_2017),
    "oepre-effectif-min": (OEPRE, lambda c: setattr(first(c), "effectif_min", 7), CIRCULAR_2017),
    "oepre-annee-scolaire": (
        OEPRE,
        lambda c: setattr(first(c).sessions[0], "fin", first(c).sessions[0].debut + timedelta(400)),
        CIRCULAR_2017,
    ),
    "oepre-financeurs": (OEPRE, lambda c: c.financement.financeurs.pop(), CIRCULAR_2017),
    "ofii-siret": (OFII, lambda c: setattr(c.structure, "siret", ""), None),
    "ofii-numero-activite": (OFII, lambda c: setattr(c.structure, "numero_activite", ""), None),
    "ofii-lot": (OFII, lambda c: setattr(c.financement, "lot", ""), None),
    "ofii-financeur": (OFII, lambda c: c.financement.financeurs.clear(), None),
    "ofii-heures": (OFII, lambda c: setattr(first(c), "heures_total", 500), None),
    "ofii-extensif": (OFII, lambda c: setattr(first(c), "intensite", "extensif"), None),
    "ofii-semi-intensif": (OFII, lambda c: setattr(first(c), "intensite", "semi-intensif"), None),
    "ofii-intensif": (OFII, lambda c: first(c).creneaux.pop(), None),
    "niveaux-titres": (ASL, lambda c: None, LAW),
    "publics-alphabetisation": (ASL, lambda c: c.formation.publics.append("81021"), None),
    "publics-illettrisme": (OFII, lambda c: c.formation.publics.append("81019"), None),
}


def test_every_rule_is_broken_here_once():
    assert {row.nom for row in rules()} == set(BROKEN)


@pytest.mark.parametrize("nom", BROKEN)
def test_a_rule_is_met_where_it_is_broken_and_leads_to_a_step(nom):
    dispositif, spoil, _ = BROKEN[nom]
    content = content_of(dispositif)
    spoil(content)
    found = broken(content, dispositif)[nom]
    assert step_of(PATHS[dispositif], found) is not None
    assert found.source
    assert "{" not in found.message
    others = set(Dispositif) - {
        row_dispositif for row in rules() if row.nom == nom for row_dispositif in row.dispositifs
    }
    assert all(nom not in broken(content, other) for other in others)


@pytest.mark.parametrize("nom", [nom for nom, (*_, begun) in BROKEN.items() if begun])
def test_a_rule_is_silent_the_day_before_it_begins(nom):
    dispositif, spoil, begun = BROKEN[nom]
    for start, expected in ((begun - timedelta(1), False), (begun, True)):
        content = content_of(dispositif, start)
        spoil(content)
        assert (nom in broken(content, dispositif)) is expected, start


BOUNDS = {
    "oepre-heures": (OEPRE, "heures_total", {59: True, 60: False, 120: False, 121: True}),
    "oepre-effectif-max": (OEPRE, "effectif_max", {7: True, 8: False, 15: False, 16: True}),
    "oepre-effectif-min": (OEPRE, "effectif_min", {7: True, 8: False, 15: False, 16: True}),
}


@pytest.mark.parametrize("nom", BOUNDS)
def test_both_sides_of_each_bound(nom):
    dispositif, name, cases = BOUNDS[nom]
    for value, wrong in cases.items():
        content = content_of(dispositif)
        setattr(first(content), name, value)
        assert (nom in broken(content, dispositif)) is wrong, value


@pytest.mark.parametrize(
    ("intensite", "hours", "wrong"),
    [
        ("extensif", 5, True),
        ("extensif", 6, False),
        ("extensif", 10, False),
        ("extensif", 11, True),
        ("semi-intensif", 10, True),
        ("semi-intensif", 11, False),
        ("semi-intensif", 19, False),
        ("semi-intensif", 20, True),
        ("intensif", 19, True),
        ("intensif", 20, False),
        ("intensif", 30, False),
        ("intensif", 31, True),
    ],
)
def test_the_three_rhythms_of_the_ofii(intensite, hours, wrong):
    content = content_of(OFII)
    days = ["lundi", "mardi", "mercredi"]
    shares = [hours // 3 + (rank < hours % 3) for rank in range(3)]
    first(content).intensite = intensite
    first(content).creneaux = [
        Creneau(day, time(8), time(8 + share)) for day, share in zip(days, shares, strict=True) if share
    ]
    assert (f"ofii-{intensite}" in broken(content, OFII)) is wrong


@pytest.mark.parametrize(("start", "right"), [(MARKET_2025 - timedelta(1), {100, 200, 400, 600}), (MARKET_2025, {600})])
def test_the_hours_of_the_ofii_changed_in_the_summer_of_2025(start, right):
    for hours in (100, 200, 300, 400, 600):
        content = content_of(OFII, start)
        first(content).heures_total = hours
        assert ("ofii-heures" in broken(content, OFII)) is (hours not in right), hours


def test_hours_at_a_distance_do_not_count_as_in_presence():
    content = content_of(OFII)
    first(content).heures_total, first(content).heures_centre = 700, 600
    assert "ofii-heures" not in broken(content, OFII)


@pytest.mark.parametrize(
    ("start", "reference"),
    [(CIRCULAR_2025 - timedelta(1), "2017-060"), (CIRCULAR_2025, "4 septembre 2025")],
)
def test_the_source_shown_is_the_text_of_the_day(start, reference):
    content = content_of(OEPRE, start)
    first(content).heures_total = 20
    assert reference in broken(content, OEPRE)["oepre-heures"].source


def test_each_group_follows_the_rules_of_its_own_dates():
    content = content_of(OFII)
    first(content).heures_total = 200
    older = content_of(OFII, MARKET_2025 - timedelta(30)).actions[0]
    older.heures_total = 200
    content.actions.append(older)
    assert [found.finding.path for found in met(content, OFII, TODAY, rules())][:1] == ["actions-0-heures_centre"]


def test_an_entry_without_dates_follows_the_rules_of_today():
    content = content_of(OFII)
    first(content).sessions.clear()
    first(content).heures_total = 200
    assert "ofii-heures" in broken(content, OFII, today=MARKET_2025)
    assert "ofii-heures" not in broken(content, OFII, today=MARKET_2025 - timedelta(1))


NEW_ROW = """
[[regle]]
nom = "oepre-heures"
dispositifs = ["OEPRE"]
depuis = 2027-01-01
gravite = "avertit"
champ = "actions[].heures_total"
mesure = "actions[].hours"
verifie = "entre"
de = 80
a = 140
message = "Un atelier OEPRE dure de {de} à {a} heures dans l’année : celui-ci en compte {valeur}."
source = "oepre"
"""


@pytest.mark.parametrize(
    ("start", "right"), [(date(2026, 12, 31), {60, 79, 80, 120}), (date(2027, 1, 1), {80, 120, 121, 140})]
)
def test_a_new_bound_from_a_date_on_is_one_more_row_of_data(start, right):
    rows = read(FILE.read_text(encoding="utf-8") + NEW_ROW)
    for hours in (59, 60, 79, 80, 120, 121, 140, 141):
        content = content_of(OEPRE, start)
        first(content).heures_total = hours
        found = review(content, PATHS[OEPRE], {}, today=TODAY, rows=rows)
        warned = any(f.path == "actions-0-heures_total" and "atelier OEPRE" in f.message for f in found.warnings)
        assert warned is (hours not in right), hours


@pytest.mark.parametrize("row", rules(), ids=lambda row: f"{row.nom}-{row.depuis}")
def test_each_row_names_spots_that_exist(row):
    assert row.champ in spots()
    assert all(PATHS[dispositif].step_of(row.champ) is not None for dispositif in row.dispositifs)
    assert row.message[0].isupper()
    assert row.message.endswith(".")


ROW = {
    "nom": "x",
    "dispositifs": ["ASL"],
    "gravite": "avertit",
    "champ": "formation.url",
    "verifie": "rempli",
    "message": "M.",
    "source": "s",
}
MISSPELT = {"gravite": "crie", "verifie": "plein", "source": "t", "dispositifs": ["XXX"], "chanp": "formation.url"}


def table(row):
    source = '[[source]]\nnom = "s"\ntitre = "T"\nreference = "R"\n[[regle]]\n'
    return source + "\n".join(f"{key} = {json.dumps(value)}" for key, value in row.items())


@pytest.mark.parametrize("key", MISSPELT)
def test_a_misspelt_row_is_not_read(key):
    assert len(read(table(ROW))) == 1
    with pytest.raises((KeyError, TypeError, ValueError)):
        read(table({**ROW, key: MISSPELT[key]}))


def test_of_two_rows_of_one_name_the_latest_begun_is_in_force():
    rows = rules()
    old = in_force(rows, OFII, MARKET_2025 - timedelta(1))["ofii-heures"]
    new = in_force(rows, OFII, MARKET_2025)["ofii-heures"]
    assert (old.valeurs, new.valeurs) == ((100, 200, 400, 600), (600,))


def test_no_blocking_rule_is_told_twice_with_the_missing_answer():
    content = content_of(ASL)
    content.formation.espaces_sociaux = []
    found = review(content, PATHS[ASL], {}, today=TODAY)
    assert [finding.path for finding in found.blocking] == ["formation-espaces_sociaux"]
    assert found.blocking[0].source
