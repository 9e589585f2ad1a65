"""Reads the file of a register: recognises its columns, converts each line into rows, reports faults by line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import String

from backoffice.core.text import clean, many
from exports.importing.csv_files import CsvFile, open_csv
from exports.importing.reading import UnreadableFile

from .declared import Content, Format, Register

_APART = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Entry:
    """One row read from a line; or, when content is None, the fault of the line, in French."""

    line: int
    key: str = ""
    content: Content | None = None
    fault: str = ""


@dataclass(frozen=True)
class Reader:
    register: Register
    format: Format
    file: CsvFile
    places: dict[str, int]
    """{name of a column of the format: its rank in the file}"""

    def entries(self) -> Iterator[Entry]:
        """The rows and faults of each line, in the order of the file. Lines out of scope yield nothing."""
        for line, row in self.file.rows(list(self.places.values())):
            if row is None:
                yield Entry(line, fault="Cette ligne a une cellule beaucoup trop longue.")
            elif isinstance(row, int):
                yield Entry(line, fault=f"Cette ligne a {many(row, 'colonne')} au lieu de {len(self.file.headers)}.")
            else:
                yield from self._read(line, row)

    def _read(self, line: int, row: list[str]) -> Iterator[Entry]:
        cells = {name: _tidy(cell) for name, cell in zip(self.places, row, strict=True)}
        try:
            for content in self.format.read(cells):
                yield Entry(line, self.register.key_of(content), self._fitted(content))
        except ValueError as error:
            yield Entry(line, fault=str(error))

    def _fitted(self, content: Content) -> Content:
        """Fits texts to their columns: a name is truncated; ValueError for a key or number that is too long."""
        for name, value in content.items():
            kind = self.register.table.c[name].type
            if isinstance(value, str) and isinstance(kind, String) and kind.length and len(value) > kind.length:
                if name in self.register.key or kind.length <= SHORT:
                    raise ValueError(f"« {value[:20]}… » est trop long.")
                content[name] = value[: kind.length - 1].rstrip() + "…"
        return content


SHORT = 14
"""Columns of at most this many characters hold numbers: they are never truncated."""


def open_reader(register: Register, path: Path) -> Reader:
    """Recognises the format of the file. Raises UnreadableFile, with a French message, when none matches."""
    lacking: list[tuple[int, str]] = []
    for format_ in register.formats:
        file = open_csv(path, format_.member)
        found: dict[str, int] = {}
        for rank, header in enumerate(file.headers):
            found.setdefault(_squashed(header), rank)
        places: dict[str, int] = {}
        missing: list[str] = []
        for name, headers in format_.columns.items():
            rank_ = next((found[key] for key in map(_squashed, headers) if key in found), None)
            if rank_ is not None:
                places[name] = rank_
            elif name not in format_.optional:
                missing.append(headers[0])
        if not missing:
            return Reader(register, format_, file, places)
        words = ", ".join(f"« {header} »" for header in missing)
        lacking.append((len(missing), f"Pour {format_.label}, il manque : {words}."))
    raise UnreadableFile(
        f"Ce fichier n’a pas les colonnes de « {register.label} » ({register.owner}, {register.title}). "
        f"{min(lacking)[1]}"
    )


def _squashed(header: str) -> str:
    """Normalises a header: accents, case, dots and underscores are ignored, since owners vary them."""
    return _APART.sub("", unicodedata.normalize("NFKD", header).casefold())


def _tidy(cell: str) -> str:
    text = cell if cell.isascii() and cell.isprintable() else clean(cell)
    return " ".join(text.split())
