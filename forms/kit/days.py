"""Reads a day as people write it: «3/9/26», «03-09-2026», «3 septembre», «mardi 1er mars 2026»."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache

from babel.dates import get_day_names, get_month_names

from backoffice.core.text import search_key

PAST = timedelta(120)
"""A day without a year is the next one, or one at most this far in the past: a session may have begun this autumn."""

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMBERS = re.compile(r"(\d{1,2}) ?[/. -] ?(\d{1,2})(?: ?[/. -] ?(\d{4}|\d{2}))?")
_WORDS = re.compile(r"(\d{1,2})(?:er)? ([a-z]{3,9})(?: (\d{4}|\d{2}))?")


def read_day(text: str, today: date) -> tuple[date, bool]:
    """(the day, whether its year was inferred). Raises ValueError, without a message, when the text is not a day."""
    if found := _ISO.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3])), False
    if found := _NUMBERS.fullmatch(text):
        return _day(int(found[1]), int(found[2]), found[3], today)
    words = search_key(text).split()
    if words and words[0] in _weekdays():
        words = words[1:]
    found = _WORDS.fullmatch(" ".join(words))
    if not found:
        raise ValueError
    return _day(int(found[1]), _month(found[2]), found[3], today)


def _day(day: int, month: int, year: str | None, today: date) -> tuple[date, bool]:
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day), False
    first = today - PAST
    for guess in range(first.year, first.year + 9):  # 29 February may be eight years away
        try:
            found = date(guess, month, day)
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
    return frozenset(search_key(name) for name in get_day_names("wide", locale="fr").values())
