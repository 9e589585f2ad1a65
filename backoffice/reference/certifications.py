"""Examinations of French (`certifications.csv`): see `SOURCES.md`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from backoffice.core.text import search_key

from .files import FOLDER, read_rows


@dataclass(frozen=True, slots=True)
class CertificationRow:
    label: str
    code: str  # as backoffice.models.values.numbers.certification returns it; "" when unknown
    valid_from: date | None
    valid_until: date | None

    @property
    def search_name(self) -> str:
        return search_key(self.label)


def read_certifications() -> Iterator[CertificationRow]:
    for row in read_rows(FOLDER / "certifications.csv"):
        start, end = (date.fromisoformat(row[name]) if row[name] else None for name in ("debut", "fin"))
        yield CertificationRow(row["libelle"], row["code"], start, end)
