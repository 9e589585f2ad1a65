"""School holidays by zone; académie, zone and time zone of each département.

Sources in `SOURCES.md`. A zone without rows has no known dates. Once the school calendar has been imported as a
register, its table replaces the shipped one: workflows.registers.calendar writes it as a file whenever a version is
applied or undone, so that this module, which does not use the database, follows it in every process without a query.
"""

from __future__ import annotations

import os
from bisect import bisect
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from backoffice.core.extensions import folders
from backoffice.core.text import search_key

from .files import FOLDER, read_rows, table_bytes


@dataclass(frozen=True, slots=True)
class Academie:
    nom: str
    zone: str
    """«A», «B», «C», or the name of an académie with its own calendar."""
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
    """{code of a département: its académie}. Cached: do not modify it."""
    return {
        row["departement"]: Academie(row["academie"], row["zone"], row["fuseau"])
        for row in read_rows(FOLDER / "academies.csv")
    }


CALENDAR = "vacances-scolaires.csv"


def breaks(zone: str) -> tuple[Break, ...]:
    """School holidays of a zone, by date; empty when unknown."""
    for file in (folders.registres / CALENDAR, FOLDER / CALENDAR):
        with suppress(FileNotFoundError):
            return _calendar(file, file.stat().st_mtime_ns).get(zone, ())
    return ()


@lru_cache(maxsize=2)
def _calendar(file: Path, _changed: int) -> dict[str, tuple[Break, ...]]:
    found: dict[str, list[Break]] = {}
    for row in read_rows(file):
        one = Break(date.fromisoformat(row["debut"]), date.fromisoformat(row["fin"]), row["nom"])
        found.setdefault(row["zone"], []).append(one)
    return {zone: tuple(sorted(rows, key=lambda one: one.debut)) for zone, rows in found.items()}


def write_calendar(rows: Iterable[Sequence[str]]) -> None:
    """Replaces the table with rows (zone, first day, last day, name), days in ISO 8601; without rows, restores
    the shipped one.
    """
    file, data = folders.registres / CALENDAR, list(rows)
    if not data:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_bytes(table_bytes(("zone", "debut", "fin", "nom"), data))
    draft.replace(file)


@cache
def zones() -> tuple[str, ...]:
    """The zones, sorted by name."""
    return tuple(sorted({academie.zone for academie in academies().values()}))


def zone_named(text: str) -> str:
    """The zone as named by `academies`: «B» for «Zone B», «La Réunion» for «Réunion»; an unknown name is unchanged."""
    key = search_key(text.removeprefix("Zone "))
    for zone in zones():
        known = search_key(zone)
        if known == key or (len(key) > 1 and (known.endswith(f" {key}") or known.startswith(f"{key} "))):
            return zone
    return text


def covers(zone: str, start: date, end: date) -> bool:
    """Whether the table covers all the school holidays of this zone between two days."""
    known = breaks(zone)
    return bool(known) and date(known[0].debut.year, 9, 1) <= start and end <= known[-1].fin


def in_break(zone: str, day: date) -> bool:
    return within(breaks(zone), day)


def within(known: Sequence[Break], day: date) -> bool:
    """Whether the day is in one of these holidays, sorted by date: for who asks about many days of a zone."""
    rank = bisect(known, day, key=lambda one: one.debut)
    return rank > 0 and day <= known[rank - 1].fin
