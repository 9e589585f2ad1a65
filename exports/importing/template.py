"""The table to fill, as CSV and as XLSX: our columns, their explanations, the accepted answers."""

from __future__ import annotations

import csv
import io

import xlsxwriter

from .columns import COLUMNS, Column
from .files import NOTE

_INTRO = (
    f"{NOTE} : cette ligne n’est pas lue. Une ligne par groupe et par période. Les lignes de même numéro, "
    "ou de même structure et de même intitulé, font une seule fiche : ce qui décrit la fiche peut n’être écrit "
    "que sur la première. Une case vide ne change rien à ce qui est déjà enregistré."
)


def _help(rank: int, column: Column) -> str:
    words = column.help
    if column.choices:
        words = "; ".join(filter(None, [words, f"réponses acceptées : {' / '.join(column.choices.values())}"]))
    return f"{_INTRO} Numéro : {words}." if rank == 0 else words


def template_csv() -> bytes:
    """In UTF-8 with its mark and semicolons: what Excel in French opens with a double click."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow([column.header for column in COLUMNS])
    writer.writerow([_help(rank, column) for rank, column in enumerate(COLUMNS)])
    return out.getvalue().encode("utf-8-sig")


def template_xlsx() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    text = book.add_format({"num_format": "@"})  # a SIRET or a postal code stays what was typed
    sheet, lists = book.add_worksheet("Fiches"), book.add_worksheet("Réponses acceptées")
    lists.set_column(0, len(COLUMNS), 40)
    sheet.freeze_panes(1, 1)
    for rank, column in enumerate(COLUMNS):
        sheet.set_column(rank, rank, 28, text)
        # write_string: whatever a text begins with, it never becomes a formula.
        sheet.write_string(0, rank, column.header, bold)
        sheet.write_string(1, rank, _help(rank, column), wrapped)
    with_choices = [column for column in COLUMNS if column.choices]
    for rank, column in enumerate(with_choices):
        lists.write_string(0, rank, column.header, bold)
        for row, words in enumerate(column.choices.values(), 1):
            lists.write_string(row, rank, words)
    book.close()
    return out.getvalue()
