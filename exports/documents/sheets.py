"""Tables to download, as CSV or XLSX. A text cell never becomes a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

import xlsxwriter

from backoffice.core.dates import short_day
from exports.open_data.rows import BOM, cell, csv_line

Cell = str | int | float | date | None


def csv_table(rows: Iterable[Sequence[Cell]]) -> str:
    """CSV text for French spreadsheets: BOM, semicolons, decimal commas. The first row holds the headers."""
    return BOM + "".join(csv_line([_text(value) for value in row]) for row in rows)


def _text(value: Cell) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".replace(".", ",")
    return cell(short_day(value) if isinstance(value, date) else value)


def xlsx_table(name: str, rows: Iterable[Sequence[Cell]]) -> bytes:
    """The same table as an XLSX file of one sheet, in bytes. Texts, numbers and days keep their type.

    name: of the sheet, cut to 31 characters.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet(name[:31])
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.freeze_panes(1, 0)
    for rank, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, date):
                sheet.write_datetime(rank, column, datetime.combine(value, time()), day)
            elif isinstance(value, int | float):
                sheet.write_number(rank, column, value)
            else:
                sheet.write_string(rank, column, value, bold if rank == 0 else None)
    sheet.set_column(0, 30, 22)
    book.close()
    return out.getvalue()
