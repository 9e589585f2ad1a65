"""Tables that people send: CSV and workbooks, as French software writes them. A child process reads their cells."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from backoffice.core import limited

from .reading import UnreadableFile
from .typed_cells import cell_text, from_json

MOST_ROWS, MOST_COLUMNS = 5_000, 300
"""Filled ones, titles included."""
LARGEST = 6_000_000
"""In bytes: a table is read whole."""
BOUNDS = limited.Bounds(memory=500 * limited.MEGA, cpu=30, output=100 * limited.MEGA)

NOTE = "Aide"
"""A row whose first cell starts with this word is an explanation and is skipped."""


@dataclass(frozen=True)
class Table:
    """headers: the first row. rows: (row number as in a spreadsheet, from 1; texts, as many as headers).

    sheets: names of the sheets of the workbook; sheet: rank of the one read.
    """

    headers: list[str]
    rows: list[tuple[int, list[str]]]
    sheets: list[str] = field(default_factory=list)
    sheet: int = 0


def read_table(path: Path, least: int = 2, sheet: int | None = None) -> Table:
    """Reads a table of at least `least` columns. Raises UnreadableFile, with a French message."""
    if path.stat().st_size > LARGEST:
        raise UnreadableFile(f"Un tableau a {LARGEST // 1_000_000} Mo au plus. Coupez-le en plusieurs fichiers.")
    answers = limited.stream("exports.importing.sheets:read", str(path), sheet, MOST_ROWS, MOST_COLUMNS, bounds=BOUNDS)
    names, rank = next(answers)
    filled = [(number, [cell_text(from_json(cell)) for cell in cells]) for number, cells in answers]
    if not filled:
        raise UnreadableFile("Ce fichier est vide.")
    headers = filled[0][1]
    rows = [(number, row) for number, row in filled[1:] if not row[0].startswith(NOTE)]
    if len(headers) < least:
        raise UnreadableFile(
            "Ce fichier n’a qu’une colonne. Enregistrez-le en CSV (séparateur : point-virgule) ou en XLSX."
        )
    if not rows:
        raise UnreadableFile("Ce fichier n’a aucune ligne sous ses titres de colonnes.")
    return Table(headers, [(number, (row + [""] * len(headers))[: len(headers)]) for number, row in rows], names, rank)
