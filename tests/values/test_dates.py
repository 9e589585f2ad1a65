"""Days as people type them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.dates import long_day, short_day
from backoffice.models.values.dates import PAST, YEARS_AHEAD, YEARS_BACK, year
from backoffice.models.values.dates import day as read_day
from backoffice.models.values.faults import Doubt, Fault

TODAY = date(2026, 6, 15)
DAY = date(2026, 9, 3)

WRITTEN = [
    "2026-09-03",
    "3/9/26",
    "03/09/2026",
    "03-09-2026",
    "3.9.2026",
    "3 9 2026",
    "03 / 09 / 2026",
    "3 septembre 2026",
    "3 Septembre 26",
    "3 sept. 2026",
    "3 sept 2026",
    "jeudi 3 septembre 2026",
    "JEUDI 3 SEPTEMBRE 2026",
    "le 3 septembre 2026",
    "jeu. 3 sept. 2026",
    "3 SEPTEMBRE 2026",
    "2026/09/03",
    "20260903",
    "2026-09-03 00:00:00",
    "2026-09-03T00:00:00",
    "03/09/2026 00:00",
    date(2026, 9, 3),
    datetime(2026, 9, 3, 14, 30),  # noqa: DTZ001 (as a spreadsheet gives it)
    46268.0,
    46268,
]


@pytest.mark.parametrize("text", WRITTEN)
def test_the_same_day_written_in_many_ways(text):
    assert read_day(text, TODAY) == (DAY, False)


@pytest.mark.parametrize("text", ["3 septembre", "3/9", "03-09", "jeudi 3 septembre", "3 sept."])
def test_without_a_year_the_one_to_come_is_meant(text):
    assert read_day(text, TODAY) == (DAY, True)
    assert read_day(text, date(2026, 10, 20)) == (DAY, True)  # a course that began seven weeks ago
    assert read_day(text, date(2027, 2, 1)) == (date(2027, 9, 3), True)


def test_a_first_of_the_month_and_accents():
    assert read_day("1er mars 2027", TODAY)[0] == date(2027, 3, 1)
    assert read_day("1er fevrier 2027", TODAY)[0] == read_day("1 février 2027", TODAY)[0] == date(2027, 2, 1)
    assert read_day("1 er octobre", TODAY) == (date(2026, 10, 1), True)
    assert read_day("30 juin 2027", TODAY) == (date(2027, 6, 30), False)
    assert read_day("15 août", TODAY)[0] == read_day("15 AOUT", TODAY)[0] == date(2026, 8, 15)
    assert read_day("29 février", TODAY) == (date(2028, 2, 29), True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "demain",
        "31/02/2026",
        "31/9",
        "32/1/2026",
        "3/13/2026",
        "3 jui 2026",
        "3 ma",
        "septembre 2026",
        "3",
        "3 xyz",
        "3/9/2",
        "3/9/126",
        "12345678",
        "lundi",
        "1er",
        "3 septembre 2026 à 9 h",
    ],
)
def test_what_is_no_day_is_not_guessed(text):
    with pytest.raises(Fault, match=r"n’est pas (une date|vraisemblable)"):
        read_day(text, TODAY)


@pytest.mark.parametrize("cell", [True, -1, 0.5, 12, 3.5e9, "46268", "46268.0"])
def test_a_number_that_is_no_day_of_a_spreadsheet_is_refused(cell):
    with pytest.raises(Fault, match="n’est pas une date"):
        read_day(cell, TODAY)


@given(st.integers(2001, 2090), st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_a_year_far_from_today_is_asked_again(now_, day):
    today = date(now_, 6, 15)
    if now_ - YEARS_BACK <= day.year <= now_ + YEARS_AHEAD:
        assert read_day(short_day(day), today) == (day, False)
        assert year(str(day.year), today) == day.year
        return
    with pytest.raises(Doubt) as asked:
        read_day(short_day(day), today)
    assert asked.value.value == day
    with pytest.raises(Doubt) as asked:
        year(f"exercice {day.year}", today)
    assert asked.value.value == day.year


@pytest.mark.parametrize("text", ["15/09/1926", "0026-09-15", "15/09/2126"])
def test_another_century_is_refused(text):
    with pytest.raises(Fault, match="pas vraisemblable") as refused:
        read_day(text, TODAY)
    assert not isinstance(refused.value, Doubt)


@pytest.mark.parametrize("cell", ["2026", 2026, 2026.0, "Exercice 2026", "année 2026", date(2026, 1, 1), "2026-01-01"])
def test_a_year_is_read(cell):
    assert year(cell, TODAY) == 2026


@pytest.mark.parametrize("cell", ["26", "deux mille", "2026-2027", "20260"])
def test_what_is_no_year_is_refused(cell):
    with pytest.raises(Fault, match="n’est pas une année"):
        year(cell, TODAY)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read_back_as_we_write_it(day):
    for text in (long_day(day), short_day(day), day.isoformat(), f"{day:%d/%m/%y}"):
        assert read_day(text, day) == (day, False)


@given(st.dates(date(2001, 1, 1), date(2090, 1, 1)), st.integers(0, 364))
def test_the_year_inferred_is_never_far(today, ahead):
    day = today - PAST + timedelta(ahead)
    found, inferred = read_day(f"{day.day}/{day.month}", today)
    assert inferred
    assert today - PAST <= found
    assert found == day or (day.month, day.day) == (2, 29) or found < day
