"""Public holidays of a place: those of France, and those that its département has of its own."""

from __future__ import annotations

from datetime import date
from functools import cache

import holidays

OWN = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "975": "PM",
    "976": "976",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
"""Code of a département or of a collectivity that has holidays of its own → its name in the calendar of `holidays`."""


def holiday(day: date, departement: str) -> str:
    """The name of the holiday that this day is in the département, in French; "" when it is none."""
    return str(_calendar(OWN.get(departement)).get(day, "") or "")


@cache
def _calendar(name: str | None) -> holidays.HolidayBase:
    return holidays.country_holidays("FR", subdiv=name, language="fr")
