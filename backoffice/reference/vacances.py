"""School holidays by zone, and what follows from a département: its académie, its zone, its clock.

Sources in `SOURCES.md`. Where a zone has no row, its dates are not known here: that is said, not guessed.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

from backoffice.reference.files import FOLDER, read_rows


@dataclass(frozen=True, slots=True)
class Academie:
    nom: str
    zone: str
    """«A», «B», «C», or the name of an académie that has a calendar of its own."""
    fuseau: str

    @property
    def zone_words(self) -> str:
        """«zone B», «Corse»"""
        return f"zone {self.zone}" if len(self.zone) == 1 else self.zone

    @property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.fuseau)


@dataclass(frozen=True, slots=True)
class Break:
    """From the first day without school to the last one, both included."""

    debut: date
    fin: date
    nom: str


@cache
def academies() -> dict[str, Academie]:
    """Code of a département → its académie. One shared dictionary: read it, do not change it."""
    return {
        row["departement"]: Academie(row["academie"], row["zone"], row["fuseau"])
        for row in read_rows(FOLDER / "academies.csv")
    }


@cache
def breaks(zone: str) -> tuple[Break, ...]:
    """Those of a zone, by date; none where they are not known."""
    return tuple(
        Break(date.fromisoformat(row["debut"]), date.fromisoformat(row["fin"]), row["nom"])
        for row in read_rows(FOLDER / "vacances-scolaires.csv")
        if row["zone"] == zone
    )


def covers(zone: str, start: date, end: date) -> bool:
    """Whether the table knows all the school holidays of this zone between two days."""
    known = breaks(zone)
    return bool(known) and date(known[0].debut.year, 9, 1) <= start and end <= known[-1].fin


def in_break(zone: str, day: date) -> bool:
    known = breaks(zone)
    rank = bisect(known, day, key=lambda one: one.debut)
    return rank > 0 and day <= known[rank - 1].fin
