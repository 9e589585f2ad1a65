"""The empty table to fill in, as CSV and XLSX: columns, explanations, accepted answers."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import xlsxwriter

from .columns import COLUMNS, Column
from .files import NOTE

_INTRO = (
    f"{NOTE} : cette ligne n’est pas lue. Une ligne par groupe et par période. Les lignes de même numéro, "
    "ou de même structure et de même intitulé, font une seule fiche : ce qui décrit la fiche peut n’être écrit "
    "que sur la première. Une case vide ne change rien à ce qui est déjà enregistré."
)


@dataclass(frozen=True)
class Template:
    """columns: in order; intro: explanation in the first cell, starting with NOTE; sheet: name of the XLSX sheet."""

    columns: tuple[Column, ...]
    intro: str
    sheet: str


FICHES = Template(COLUMNS, _INTRO, "Fiches")


def _help(template: Template, rank: int) -> str:
    column = template.columns[rank]
    words = column.help
    if column.choices:
        words = "; ".join(filter(None, [words, f"réponses acceptées : {' / '.join(column.choices.values())}"]))
    return f"{template.intro} {column.header} : {words}." if rank == 0 else words


def template_csv(template: Template = FICHES) -> bytes:
    """In UTF-8 with a byte order mark and semicolons, which French Excel opens directly."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow([column.header for column in template.columns])
    writer.writerow([_help(template, rank) for rank in range(len(template.columns))])
    return out.getvalue().encode("utf-8-sig")


def template_xlsx(template: Template = FICHES) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    text = book.add_format({"num_format": "@"})  # text format: keeps a SIRET or a postal code as typed
    sheet, lists = book.add_worksheet(template.sheet), book.add_worksheet("Réponses acceptées")
    lists.set_column(0, len(template.columns), 40)
    sheet.freeze_panes(1, 1)
    for rank, column in enumerate(template.columns):
        sheet.set_column(rank, rank, 28, text)
        # write_string: a text is never interpreted as a formula.
        sheet.write_string(0, rank, column.header, bold)
        sheet.write_string(1, rank, _help(template, rank), wrapped)
    with_choices = [column for column in template.columns if column.choices]
    for rank, column in enumerate(with_choices):
        lists.write_string(0, rank, column.header, bold)
        for row, words in enumerate(column.choices.values(), 1):
            lists.write_string(row, rank, words)
    book.close()
    return out.getvalue()
