"""Public holidays, overseas included, and the working days of a territoire, which are neither those nor week-ends."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, lru_cache

import holidays

OVERSEAS = {"01": "971", "02": "972", "03": "973", "04": "974", "06": "976", "975": "PM", "978": "MF", "988": "NC"}
"""Insee code of a région that has holidays of its own → its name in the calendar of `holidays`."""

BY_DEPARTEMENT = {
    "57": "57",
    **dict.fromkeys(("67", "68"), "6AE"),
    **{code: code for code in ("971", "972", "973", "974", "976")},
    **{"975": "PM", "977": "BL", "978": "MF", "986": "WF", "987": "PF", "988": "NC"},
}
"""The same by département, where the holidays are not those of the whole country."""


@cache
def public_holidays(departement: str) -> holidays.HolidayBase:
    """Those of a département, those of the whole country for "" or for one that has none of its own."""
    return holidays.country_holidays("FR", subdiv=BY_DEPARTEMENT.get(departement))


@cache
def _holidays(region: str) -> holidays.HolidayBase:
    return holidays.country_holidays("FR", subdiv=OVERSEAS.get(region))


def is_working_day(day: date, region: str) -> bool:
    return day.weekday() < 5 and day not in _holidays(region)


@lru_cache(maxsize=5_000)
def working_days_between(start: date, end: date, region: str) -> int:
    """Those after `start`, up to `end` included; 0 when `end` is not later."""
    return sum(is_working_day(start + timedelta(n), region) for n in range(1, (end - start).days + 1))


def after_working_days(start: date, number: int, region: str) -> date:
    """The `number`-th working day after `start`; number ≥ 1."""
    day = start
    while number:
        day += timedelta(1)
        number -= is_working_day(day, region)
    return day
