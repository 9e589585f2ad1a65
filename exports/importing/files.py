"""Tables that people send: CSV and workbooks, as French software writes them. A child process reads their cells."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from backoffice.core import limited
from backoffice.core.text import search_key
from backoffice.models.values.cells import Cell, text_of

from .reading import UnreadableFile
from .typed_cells import from_json

MOST_ROWS, MOST_COLUMNS = 5_000, 300
"""Filled ones, titles included."""
LARGEST = 6_000_000
"""In bytes: a table is read whole."""
BOUNDS = limited.Bounds(memory=500 * limited.MEGA, cpu=30, output=100 * limited.MEGA)
HEADERS_WITHIN = 30
"""Filled rows among which the headers are looked for."""

NOTE = "Aide"
"""A row whose first cell starts with this word is an explanation and is skipped."""
_TOTAL = re.compile(r"(sous |grand )?tota(l|ux)( general| generaux)?( .{0,40})?|somme|ensemble")
_AMOUNT = re.compile(r"[-+\d\s.,%€]+|\d[\d\s.,]*(euros?|eur|h|heures?)", re.I)


class EmptyTable(UnreadableFile):
    """The sheet has no row to read."""


Row = tuple[int, list[Cell]]
"""(row number as in a spreadsheet, from 1; cells)"""


@dataclass(frozen=True)
class Table:
    """headers: their texts. rows: those below, with as many cells as headers. totals: rows that add up others.

    sheets: names of the sheets of the workbook; sheet: rank of the one read.
    """

    headers: list[str]
    rows: list[Row]
    sheets: list[str] = field(default_factory=list)
    sheet: int = 0
    totals: list[Row] = field(default_factory=list)

    def samples(self) -> list[str]:
        """The first filled cell of each column, as a text."""
        texts = ([text_of(cell) for cell in cells] for _, cells in self.rows)
        return [next(filter(None, column), "") for column in zip(*texts, strict=True)]


def read_table(path: Path, least: int = 2, sheet: int | None = None, titles: Collection[str] = ()) -> Table:
    """Reads a table of at least `least` columns. Raises UnreadableFile, with a French message.

    sheet: rank of the sheet; None for the first that has something. titles: `search_key` of the headers that are known:
    the headers are the row that has most of them, below the titles that the file may begin with.
    """
    if path.stat().st_size > LARGEST:
        raise UnreadableFile(f"Un tableau a {LARGEST // 1_000_000} Mo au plus. Coupez-le en plusieurs fichiers.")
    function = "exports.importing.sheets:read"
    answers = limited.stream(function, str(path), sheet, MOST_ROWS, MOST_COLUMNS, bounds=BOUNDS)
    names, rank = next(answers)
    filled: list[Row] = [(number, [from_json(cell) for cell in cells]) for number, cells in answers]
    if not filled:
        raise EmptyTable("Ce fichier est vide.")
    first = _headers(filled, titles)
    headers = [text_of(cell) for cell in filled[first][1]]
    if len(headers) < least:
        raise UnreadableFile(
            "Ce fichier n’a qu’une colonne. Enregistrez-le en CSV (séparateur : point-virgule) ou en XLSX."
        )
    below = [(number, _padded(cells, len(headers))) for number, cells in filled[first + 1 :]]
    below = [(number, cells) for number, cells in below if not text_of(cells[0]).startswith(NOTE)]
    totals = [row for row in below if _is_total(row[1])]
    rows = [row for row in below if row not in totals]
    if not rows:
        raise EmptyTable("Ce fichier n’a aucune ligne sous ses titres de colonnes.")
    return Table(headers, rows, names, rank, totals)


def read_sheets(path: Path, least: int = 2) -> list[Table]:
    """The tables of every sheet that has one. Raises UnreadableFile, with a French message, when none has."""
    found = [read_table(path, least)]
    for rank in range(len(found[0].sheets)):
        if rank != found[0].sheet:
            with suppress(EmptyTable):
                found.append(read_table(path, least, rank))
    return found


def _padded(cells: list[Cell], width: int) -> list[Cell]:
    return (cells + [""] * width)[:width]


def _headers(rows: Sequence[Row], titles: Collection[str]) -> int:
    """Rank of the row of headers: the one with most known titles, at least two; else the first that is wide enough.

    A title above the table fills one or two cells, merged over the others; headers fill most columns, with texts.
    """
    near = rows[:HEADERS_WITHIN]
    known = [len({search_key(cell) for cell in cells if isinstance(cell, str)} & set(titles)) for _, cells in near]
    best = max(known)
    if best > 1:
        return known.index(best)
    texts = [sum(isinstance(cell, str) and cell != "" for cell in cells) for _, cells in near]
    widest = max(sum(cell != "" for cell in cells) for _, cells in near)
    return next((rank for rank, number in enumerate(texts) if number > 2 or (number == 2 and widest < 5)), 0)


def _is_total(cells: Sequence[Cell]) -> bool:
    """Whether a row adds up others: a word that says so, and beside it numbers only."""
    said = [cell for cell in cells if cell != ""]
    words = [cell for cell in said if isinstance(cell, str) and not _AMOUNT.fullmatch(cell)]
    return len(said) > len(words) > 0 and all(_TOTAL.fullmatch(search_key(word)) for word in words)
