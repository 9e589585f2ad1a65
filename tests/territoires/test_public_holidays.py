"""Public holidays of a place, working days of a territoire: the ones of Alsace and Moselle tell them apart."""

from datetime import date, timedelta

import pytest

from backoffice.reference.communes import departements, regions
from backoffice.reference.public_holidays import after_working_days, holiday, is_working_day, working_days_between

GOOD_FRIDAY, SAINT_STEPHEN = date(2026, 4, 3), date(2025, 12, 26)  # both on a Friday
ALSACE_MOSELLE = ("57", "67", "68")
GRAND_EST, NORMANDIE, MARTINIQUE = "44", "28", "02"


@pytest.mark.parametrize("departement", departements())
def test_good_friday_and_26_december_are_holidays_of_alsace_and_moselle_in_metropole(departement):
    if len(departement) == 2:
        there = departement in ALSACE_MOSELLE
        assert bool(holiday(GOOD_FRIDAY, departement)) is bool(holiday(SAINT_STEPHEN, departement)) is there
    assert holiday(date(2026, 7, 14), departement) == "Fête nationale"


@pytest.mark.parametrize(
    ("departement", "day"),
    [
        ("971", date(2026, 5, 27)),
        ("972", date(2026, 5, 22)),
        ("973", date(2026, 6, 10)),
        ("974", date(2026, 12, 20)),
        ("976", date(2026, 4, 27)),
        ("977", date(2026, 10, 9)),
        ("978", date(2026, 5, 28)),
        ("986", date(2026, 7, 29)),
        ("987", date(2026, 11, 20)),
        ("988", date(2026, 9, 24)),
    ],
)
def test_what_is_remembered_overseas_is_a_holiday_there_alone(departement, day):
    assert holiday(day, departement)
    assert not holiday(day, "14")


def test_a_territoire_keeps_what_all_its_departements_keep():
    for day in (GOOD_FRIDAY, SAINT_STEPHEN):
        assert is_working_day(day, GRAND_EST), "seven départements of ten work on that day"
        assert is_working_day(day, NORMANDIE)
    assert not is_working_day(date(2026, 5, 14), GRAND_EST), "l’Ascension"
    assert not is_working_day(date(2026, 5, 22), MARTINIQUE)
    assert is_working_day(date(2026, 5, 22), GRAND_EST)
    assert after_working_days(date(2026, 4, 2), 2, GRAND_EST) == date(2026, 4, 7), (
        "Friday, then Easter Monday is left out"
    )


@pytest.mark.parametrize("region", regions())
def test_the_nth_working_day_is_n_working_days_away(region):
    for start in (date(2026, 4, 1) + timedelta(n) for n in range(0, 60, 7)):
        for number in (1, 3, 10):
            end = after_working_days(start, number, region)
            assert is_working_day(end, region)
            assert working_days_between(start, end, region) == number
