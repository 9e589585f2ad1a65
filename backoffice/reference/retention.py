"""Retention periods of personal data (conservation.toml)."""

import calendar
import re
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from .files import FOLDER

KEEP = re.compile(r"([1-9]\d*) (jour|mois|an)s?")


@dataclass(frozen=True, slots=True)
class Period:
    """One kind of data. keep: duration, as «6 mois»; told: days of warning given to the person before the end, or 0."""

    kind: str
    what: str
    keep: str
    since: str
    done: str
    why: str
    source: str
    told: int = 0

    @property
    def warning(self) -> timedelta:
        return timedelta(days=self.told)

    def before(self, at: datetime) -> datetime:
        """The latest start of a period that is over at `at`."""
        found = KEEP.fullmatch(self.keep)
        assert found, f"conservation.toml, {self.kind} : « {self.keep} » n’est pas une durée"
        number = int(found[1])
        if found[2] == "jour":
            return at - timedelta(days=number)
        months = at.year * 12 + at.month - 1 - number * (12 if found[2] == "an" else 1)
        year, month = divmod(months, 12)
        return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


@cache
def conservation() -> dict[str, Period]:
    """By kind, in the order of the file."""
    rows = tomllib.loads((FOLDER / "conservation.toml").read_text(encoding="utf-8"))
    return {kind: Period(kind, **row) for kind, row in rows.items()}
