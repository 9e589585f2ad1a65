"""Days as people type them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.dates import long_day, short_day
from forms.kit.days import PAST, read_day

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
    with pytest.raises(ValueError):  # noqa: PT011 (it carries no words)
        read_day(text, TODAY)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read_back_as_we_write_it(day):
    for text in (long_day(day), short_day(day), day.isoformat(), f"{day:%d/%m/%y}"):
        assert read_day(text, TODAY) == (day, False)


@given(st.dates(date(2001, 1, 1), date(2090, 1, 1)), st.integers(0, 364))
def test_the_year_inferred_is_never_far(today, ahead):
    day = today - PAST + timedelta(ahead)
    found, inferred = read_day(f"{day.day}/{day.month}", today)
    assert inferred
    assert today - PAST <= found
    assert found == day or (day.month, day.day) == (2, 29) or found < day
