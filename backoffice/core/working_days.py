"""Working days of a territoire: neither Saturday, nor Sunday, nor a public holiday there."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, lru_cache

import holidays

OVERSEAS = {"01": "971", "02": "972", "03": "973", "04": "974", "06": "976", "975": "PM", "978": "MF", "988": "NC"}
"""Insee code of a région that has holidays of its own → its name in the calendar of `holidays`."""


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
