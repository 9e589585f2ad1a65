"""The school calendar as a table: every place of France has a zone and a clock, every break is a true period."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest

from backoffice.reference.communes import departements
from backoffice.reference.school_holidays import academies, breaks, covers, in_break

WITHOUT_SCHOOL = {"984", "989"}
"""Terres australes, Clipperton: nobody lives there all year."""


def test_every_departement_has_its_academie():
    assert set(academies()) == set(departements()) - WITHOUT_SCHOOL
    assert all(academie.clock for academie in academies().values())


def test_zones_are_those_of_the_arrete():
    by_zone = {zone: {a.nom for a in academies().values() if a.zone == zone} for zone in "ABC"}
    assert {zone: len(names) for zone, names in by_zone.items()} == {"A": 8, "B": 11, "C": 5}
    assert academies()["14"].zone_words == "zone B"
    assert academies()["75"].zone_words == "zone C"
    assert academies()["2A"].zone_words == "Corse"


@pytest.mark.parametrize("zone", "ABC")
def test_breaks_follow_each_other_and_begin_on_a_saturday(zone):
    known = breaks(zone)
    assert all(one.debut <= one.fin for one in known)
    assert all(one.fin < other.debut for one, other in pairwise(known))
    assert Counter(one.nom for one in known) == dict.fromkeys({one.nom for one in known}, 2)
    for one in known:
        if one.nom != "Pont de l’Ascension":
            assert one.debut.weekday() == 5
        if one.nom not in ("Pont de l’Ascension", "Vacances d’été"):
            assert one.fin - one.debut == timedelta(15)
            assert one.fin.weekday() == 6


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("B", date(2026, 10, 16), False),
        ("B", date(2026, 10, 17), True),
        ("B", date(2026, 11, 1), True),
        ("B", date(2026, 11, 2), False),
        ("A", date(2027, 2, 15), True),
        ("B", date(2027, 2, 15), False),
        ("C", date(2027, 2, 15), True),
        ("Corse", date(2026, 12, 25), False),
    ],
)
def test_whether_a_day_is_in_a_break(zone, day, expected):
    assert in_break(zone, day) is expected


def test_what_the_table_does_not_know_is_said():
    assert covers("A", date(2025, 9, 1), date(2027, 8, 31))
    assert not covers("A", date(2025, 8, 31), date(2026, 6, 30))
    assert not covers("A", date(2026, 9, 1), date(2027, 9, 1))
    assert not covers("Corse", date(2026, 9, 1), date(2027, 6, 30))
