"""Reads the cells of a foreign table, XLSX, XLS, ODS or CSV. Runs in a child process only: see backoffice.core.limited.

Cells keep their type. Empty cells take no room: a space typed in the last row of an XLSX file costs nothing.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from backoffice.core.limited import UnreadableFile

from .typed_cells import as_json

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
"""Of a worksheet, by its format."""
MOST_UNPACKED = 200_000_000
"""Maximum unpacked size of a workbook, in bytes."""
MOST_CELLS = 4_000_000
"""Maximum area of an XLS or ODS sheet, empty cells included: its reader holds them all."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_FRENCH = frozenset("éèêëàâäçùûüîïôöœÿÉÈÊËÀÂÄÇÙÛÜÎÏÔÖŒ«»’‘“”–—…€°²\xa0")
_SEP = re.compile(r"sep=(.)\r?\n?", re.I)
TOO_LARGE = "Ce fichier a une cellule remplie beaucoup trop loin des autres : effacez-la, ou coupez le fichier."
DAMAGED = "Ce classeur ne s’ouvre pas : enregistrez-le de nouveau au format XLSX."

Rows = Iterable[Iterable[Any]]


def read(path: str, sheet: int | None, most_rows: int, most_columns: int) -> Iterator[Any]:
    """Yields [names of the sheets, rank of the one read], then [row number from 1, cells] of each filled row.

    sheet: its rank among the visible ones; None for the first that has something. A CSV file has one sheet, «».
    Raises UnreadableFile, also for more filled rows or columns than these.
    """
    with Path(path).open("rb") as stream:
        head = stream.read(4)
    if head == _ZIP and _is_xlsx(path):
        names, rank, rows = _xlsx(path, sheet)
    elif head in (_ZIP, _OLE):
        names, rank, rows = _other_workbook(path, sheet)
    else:
        names, rank, rows = [""], 0, _csv(Path(path).read_bytes())
    yield [names, rank]
    for rank, (place, row) in enumerate(_filled(rows)):
        if len(row) > most_columns or rank == most_rows:
            raise UnreadableFile(
                f"Ce fichier est trop grand : {most_rows} lignes et {most_columns} colonnes remplies au plus. "
                f"La ligne {place} est au-delà : si elle est vide pour vous, effacez-en toutes les cellules."
            )
        yield [place, [as_json(cell) for cell in row]]


def _filled(rows: Rows) -> Iterator[tuple[int, list[Any]]]:
    """(row number, cells up to the last filled one) of the rows that have one; texts are stripped."""
    for place, row in enumerate(rows, 1):
        if not row:
            continue
        cells = ["" if cell is None else cell.strip() if isinstance(cell, str) else cell for cell in row]
        while cells and cells[-1] == "":
            cells.pop()
        if cells:
            yield place, cells


# --- Workbooks ----------------------------------------------------------------------------------------


def _is_xlsx(path: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
                raise UnreadableFile("Ce classeur est trop grand une fois ouvert.")
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        if isinstance(error, UnreadableFile):
            raise
        raise UnreadableFile(DAMAGED) from error


def _xlsx(path: str, sheet: int | None) -> tuple[list[str], int, Rows]:
    from openpyxl import load_workbook  # takes a tenth of a second: not for a CSV

    try:
        # Its bytes: openpyxl wants a known extension, and a stored file has none.
        book = load_workbook(io.BytesIO(Path(path).read_bytes()), read_only=True, data_only=True, keep_links=False)
        visible = [one for one in book.worksheets if one.sheet_state == "visible"] or book.worksheets
    except MemoryError:
        raise
    except Exception as error:  # openpyxl raises whatever its parts raise
        raise UnreadableFile(DAMAGED) from error
    rank = _chosen([one.title for one in visible], sheet, lambda rank: _sparse(visible[rank]))
    return [one.title for one in visible], rank, _sparse(visible[rank])


def _sparse(sheet: Any) -> Iterator[Iterable[Any]]:
    """The rows, read as the file is unpacked. The declared size is not believed."""
    sheet.reset_dimensions()
    try:
        for place, row in enumerate(sheet.iter_rows(values_only=True), 1):
            if place > LAST_ROW or len(row) > LAST_COLUMN:
                raise UnreadableFile(TOO_LARGE)
            yield row
    except (MemoryError, UnreadableFile):
        raise
    except Exception as error:
        raise UnreadableFile(DAMAGED) from error


def _other_workbook(path: str, sheet: int | None) -> tuple[list[str], int, Rows]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(Path(path).read_bytes()))
        names = [one.name for one in book.sheets_metadata if "Visible" in str(one.visible)] or list(book.sheet_names)
        rank = _chosen(names, sheet, lambda rank: _dense(book, names[rank]))
        return names, rank, _dense(book, names[rank])
    except (CalamineError, OSError, ValueError) as error:
        if isinstance(error, UnreadableFile):
            raise
        raise UnreadableFile(DAMAGED) from error


def _dense(book: Any, name: str) -> Rows:
    sheet = book.get_sheet_by_name(name)
    if sheet.total_height * sheet.total_width > MOST_CELLS:
        raise UnreadableFile(TOO_LARGE)
    rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    return rows


def _chosen(names: list[str], sheet: int | None, rows_of: Any) -> int:
    """The rank asked for; else of the first sheet with a filled row, or 0."""
    if not names:
        raise UnreadableFile("Ce classeur n’a aucune feuille.")
    if sheet is not None:
        return min(max(sheet, 0), len(names) - 1)
    return next((rank for rank in range(len(names)) if next(_filled(rows_of(rank)), None)), 0)


# --- CSV ----------------------------------------------------------------------------------------------


def _csv(raw: bytes) -> Iterator[list[str]]:
    text = _decoded(raw)
    if "\x00" in text:
        raise UnreadableFile("Ce fichier n’est ni un CSV ni un classeur : il contient autre chose que du texte.")
    declared = _SEP.match(text)  # a line that Excel reads, and that is no row
    if declared:
        text = text[declared.end() :]
        yield []
    head = re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0]
    # «;», which French Excel writes, wins a tie
    delimiter = declared[1] if declared else max(";\t,", key=head.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise UnreadableFile("Ce fichier CSV est abîmé : un guillemet n’est pas refermé.") from error


def _decoded(raw: bytes) -> str:
    """The text, in UTF-8 or UTF-16, else in the one of Windows and Macintosh that gives more French letters."""
    if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        windows, macintosh = (raw.decode(name, errors="replace") for name in ("cp1252", "mac_roman"))
        return windows if _likely(windows) >= _likely(macintosh) else macintosh


def _likely(text: str) -> int:
    """French letters and signs, minus other ones beyond ASCII."""
    return sum(1 if sign in _FRENCH else -1 for sign in text if not sign.isascii())
