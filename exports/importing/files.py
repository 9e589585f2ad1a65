"""Reads CSV and XLSX files, as French software writes them, into rows of text."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from python_calamine import CalamineError, CalamineWorkbook

from .cells import cell_text
from .reading import UnreadableFile

MOST_ROWS, MOST_COLUMNS = 5_000, 300
MOST_UNPACKED = 200_000_000
"""Maximum unpacked size of an XLSX file, in bytes."""

NOTE = "Aide"
"""A row whose first cell starts with this word is an explanation and is skipped."""


@dataclass(frozen=True)
class Table:
    """headers: the first row. rows: (row number as in a spreadsheet, from 1; cells, as many as headers)."""

    headers: list[str]
    rows: list[tuple[int, list[str]]]


def read_table(raw: bytes, least: int = 2) -> Table:
    """Reads a table of at least `least` columns. Raises UnreadableFile, with a French message."""
    rows = _xlsx(raw) if raw[:4] == b"PK\x03\x04" else _csv(raw)
    numbered = [(rank, [cell.strip() for cell in row]) for rank, row in enumerate(rows, 1)]
    filled = [(rank, row) for rank, row in numbered if any(row)]
    if not filled:
        raise UnreadableFile("Ce fichier est vide.")
    headers = filled[0][1]
    while headers and not headers[-1]:
        headers.pop()
    rows_ = [(rank, row) for rank, row in filled[1:] if not row[0].startswith(NOTE)]
    if len(headers) < least:
        raise UnreadableFile(
            "Ce fichier n’a qu’une colonne. Enregistrez-le en CSV (séparateur : point-virgule) ou en XLSX."
        )
    if not rows_:
        raise UnreadableFile("Ce fichier n’a aucune ligne sous ses titres de colonnes.")
    if len(rows_) > MOST_ROWS or len(headers) > MOST_COLUMNS:
        raise UnreadableFile(f"Ce fichier est trop grand : {MOST_ROWS} lignes et {MOST_COLUMNS} colonnes au plus.")
    return Table(headers, [(rank, (row + [""] * len(headers))[: len(headers)]) for rank, row in rows_])


def _csv(raw: bytes) -> Iterator[list[str]]:
    text = _decoded(raw)
    if "\x00" in text:
        raise UnreadableFile("Ce fichier n’est ni un CSV ni un XLSX : il contient autre chose que du texte.")
    head = text.lstrip("\n").partition("\n")[0]
    delimiter = max(";\t,", key=head.count)  # «;», which French Excel writes, wins a tie
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise UnreadableFile("Ce fichier CSV est abîmé : un guillemet n’est pas refermé.") from error


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _xlsx(raw: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MOST_UNPACKED:
            raise UnreadableFile("Ce classeur est trop grand une fois ouvert.")
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        if not workbook.sheet_names:
            raise UnreadableFile("Ce classeur n’a aucune feuille.")
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False, nrows=MOST_ROWS + 10)
    except (zipfile.BadZipFile, CalamineError, OSError, ValueError) as error:
        if isinstance(error, UnreadableFile):
            raise
        raise UnreadableFile("Ce classeur ne s’ouvre pas : enregistrez-le de nouveau au format XLSX.") from error
    for row in rows:
        yield [cell_text(cell) for cell in row]
