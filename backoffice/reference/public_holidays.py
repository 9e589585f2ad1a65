"""Public holidays of a département, and working days of a territoire, from the `holidays` library.

A place has the holidays of its département: Good Friday and 26 December in Alsace and Moselle, the abolition of slavery
overseas. Moderators of a territoire have only those common to all the départements of the région of their
Carif-Oref: in Grand Est, where seven départements of ten work on Good Friday, it is a working day.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, lru_cache

import holidays

from backoffice.reference.communes import departements

NAMED_OTHERWISE = {
    "67": "6AE",
    "68": "6AE",
    "975": "PM",
    "977": "BL",
    "978": "MF",
    "984": "TF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
"""{code of a département or collectivity: its name in the library}, when the two differ."""


def holiday(day: date, departement: str) -> str:
    """The French name of the holiday on this day in the département; "" when there is none."""
    name = NAMED_OTHERWISE.get(departement, departement)
    return str(_calendar(name if name in _calendar(None).subdivisions else None).get(day, "") or "")


@cache
def _calendar(name: str | None) -> holidays.HolidayBase:
    return holidays.country_holidays("FR", subdiv=name, language="fr")


def is_working_day(day: date, region: str) -> bool:
    """Whether it is neither Saturday, nor Sunday, nor a holiday in every département of this région (code Insee)."""
    return day.weekday() < 5 and not all(holiday(day, code) for code in _departements(region))


@cache
def _departements(region: str) -> tuple[str, ...]:
    return tuple(code for code, row in departements().items() if row.region == region) or ("",)


@lru_cache(maxsize=5_000)
def working_days_between(start: date, end: date, region: str) -> int:
    """Number of working days after `start`, up to `end` included; 0 when `end` is not later."""
    return sum(is_working_day(start + timedelta(n), region) for n in range(1, (end - start).days + 1))


def after_working_days(start: date, number: int, region: str) -> date:
    """The `number`-th working day after `start`; number ≥ 1."""
    day = start
    while number:
        day += timedelta(1)
        number -= is_working_day(day, region)
    return day
