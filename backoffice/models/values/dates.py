"""Days and years as people write them: «3/9/26», «03-09-2026», «3 septembre», «mardi 1 er mars 2026», «2026/09/15».

What is far from today is a doubt: `LEAST_YEARS` back to `MOST_YEARS` ahead is what a course, a registration or a grant
may have.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from babel.dates import get_day_names, get_month_names

from backoffice.core.text import search_key

from .cells import Cell, said
from .faults import Doubt, Fault, quoted

PAST = timedelta(120)
"""A day without a year is the next one, or one at most this far in the past: a session may have begun this autumn."""
YEARS_BACK, YEARS_AHEAD = 2, 6

_MIDNIGHT = r"(?:[ T]00:00(?::00(?:\.0+)?)?)?"
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _MIDNIGHT, re.ASCII)
_EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_NUMBERS = re.compile(r"(\d{1,2}) ?[/. -] ?(\d{1,2})(?: ?[/. -] ?(\d{4}|\d{2}))?" + _MIDNIGHT, re.ASCII)
_WORDS = re.compile(r"(?:le )?(?:([a-z]+) )?(\d{1,2}) ?(?:er)? ([a-z]{3,9})(?: (\d{4}|\d{2}))?")
_YEAR = re.compile(r"(?:exercice |annee )?(\d{4})", re.ASCII)

_EPOCH = date(1899, 12, 30)
"""Day 0 of the serial numbers of a spreadsheet."""
_SERIALS = range(36_526, 73_415)
"""Serial numbers of the days from 2000 to 2100."""


def day(cell: Cell, today: date) -> tuple[date, bool]:
    """(the day, whether its year was inferred). Raises Fault; Doubt for a year far from today's."""
    text = said(cell)
    try:
        found, inferred = _read(cell, text, today)
    except ValueError:
        raise Fault(
            f"{quoted(text, 40)} n’est pas une date. Écrivez le jour, le mois et l’année, comme 15/09/2026."
        ) from None
    likely(found.year, today, found, text)
    return found, inferred


def year(cell: Cell, today: date) -> int:
    """The year of «2026», «exercice 2026», or of a day. Raises Fault; Doubt for a year far from today's."""
    text = said(cell)
    found = _YEAR.fullmatch(search_key(text)) or _ISO.fullmatch(text)
    if not found:
        raise Fault(f"{quoted(text, 30)} n’est pas une année. Écrivez-la en quatre chiffres, comme 2026.")
    likely(int(found[1]), today, int(found[1]), text)
    return int(found[1])


def likely(year_: int, today: date, value: Any, text: str) -> None:
    """Raises Doubt with `value` for a year far from today's, and Fault for one of another century."""
    if today.year - YEARS_BACK <= year_ <= today.year + YEARS_AHEAD:
        return
    if not 2000 <= year_ <= 2100:
        raise Fault(f"L’année de {quoted(text, 40)} n’est pas vraisemblable. Vérifiez-la.")
    away = "loin dans le passé" if year_ < today.year else "loin dans l’avenir"
    raise Doubt(f"L’année de {quoted(text, 40)} est {away} : ce n’est pas vraisemblable. Vérifiez-la.", value)


def _read(cell: Cell, text: str, today: date) -> tuple[date, bool]:
    """As `day`. Raises ValueError, without a message, for what is no day."""
    if isinstance(cell, datetime):
        return cell.date(), False
    if isinstance(cell, date):
        return cell, False
    if isinstance(cell, int | float) and not isinstance(cell, bool) and cell in _SERIALS:
        return _EPOCH + timedelta(int(cell)), False
    if found := _ISO.fullmatch(text) or _EIGHT.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3])), False
    if found := _NUMBERS.fullmatch(text):
        return _day(int(found[1]), int(found[2]), found[3], today)
    found = _WORDS.fullmatch(search_key(text))
    if not found or (found[1] and found[1] not in _weekdays()):
        raise ValueError
    return _day(int(found[2]), _month(found[3]), found[4], today)


def _day(day_: int, month: int, year_: str | None, today: date) -> tuple[date, bool]:
    if year_:
        return date(int(year_) + (2000 if len(year_) == 2 else 0), month, day_), False
    first = today - PAST
    for guess in range(first.year, first.year + 9):  # 29 February may be eight years away
        try:
            found = date(guess, month, day_)
        except ValueError:
            continue
        if found >= first:
            return found, True
    raise ValueError


def _month(word: str) -> int:
    found = [number for name, number in _months().items() if name.startswith(word)]
    if len(found) != 1:
        raise ValueError
    return found[0]


@cache
def _months() -> dict[str, int]:
    return {search_key(name): number for number, name in get_month_names("wide", locale="fr").items()}


@cache
def _weekdays() -> frozenset[str]:
    names = (search_key(name) for name in get_day_names("wide", locale="fr").values())
    return frozenset(form for name in names for form in (name, name[:3]))
