"""Converts a cell to a value of the content, or to a French error message, with the reader of its field."""

from __future__ import annotations

from typing import Any

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.models.content import Creneau, spots
from backoffice.models.values import hours
from backoffice.models.values.cells import Cell
from backoffice.models.values.faults import Fault
from exports.lheo import fields

from .columns import SLOTS
from .reading import plain


def read_cell(key: str, cell: Cell) -> tuple[Any, str]:
    """(value, message). key: a pattern of the content, or SLOTS. message: in French, "" when the cell is read.

    A doubt has a message and its value: a person confirms it in the form. A text that is too long is kept.
    """
    if key == SLOTS:
        return read_slots(cell)
    spot = spots()[key]
    if isinstance(cell, str):
        cell = plain(cell)
        if spot.type == list[str] and not spot.choices:
            cell = cell.replace(";", "\n")
    answer = fields.read(spot, cell, local_day(now()))
    return fields.kept(spot, cell, answer), answer.fault


def read_slots(cell: Cell) -> tuple[list[Creneau], str]:
    """(slots, message): «mardi et jeudi 9h30-11h30 ; samedi de 10h à 12h» gives three slots."""
    try:
        return [Creneau(*slot) for slot in hours.slots(cell)], ""
    except Fault as fault:
        return [], str(fault)
