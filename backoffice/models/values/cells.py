"""What a reader is given: a typed text, or a cell of a spreadsheet with its own type."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from backoffice.core.text import clean, search_key

from .faults import Doubt, Fault, quoted

Value = TypeVar("Value")

Cell = str | int | float | bool | date | datetime | time | timedelta | None
"""bool is an int, datetime is a date: test them first."""

_ROUNDED = re.compile(r"\d+([.,]\d+)?e\+?\d+", re.IGNORECASE)
_WHOLE = re.compile(r"(\d+)\.0+")
_NOTHING = re.compile(r"[\s.…,;:·*_/\u2010-\u2015-]*")
_BLANKS = re.compile(r"[\s.\-/]")


def text_of(cell: Cell) -> str:
    """The text of a cell: 12 rather than 12.0, a day as AAAA-MM-JJ, a boolean as oui or non."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat("minutes")
    return str(cell)


def said(cell: Cell, *, multiline: bool = False) -> str:
    """The cleaned text of a cell; "" for an empty answer: nothing, or the «.», «-», «…» that a page demanded."""
    text = clean(text_of(cell), multiline=multiline)
    return "" if _NOTHING.fullmatch(text) else text


def folded(cell: Cell) -> str:
    """The text of a cell in lower case, without accents, on one line with single spaces; signs are kept."""
    letters = unicodedata.normalize("NFD", said(cell, multiline=True).lower())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


def figures(cell: Cell) -> str:
    """The text of a number that is not counted with: without the «.0» that a spreadsheet adds.

    Raises Fault when a spreadsheet has rounded it: its last digits are lost.
    """
    text = said(cell)
    if _ROUNDED.fullmatch(text):
        raise Fault(
            f"{quoted(text)} est un nombre arrondi par le tableur : ses derniers chiffres sont perdus. "
            "Mettez la colonne au format texte, puis écrivez-le de nouveau."
        )
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def compact(cell: Cell) -> str:
    """`figures`, without the blanks, dots and dashes between its groups."""
    return _BLANKS.sub("", figures(cell))


AGAIN = "Si c’est juste, envoyez-le de nouveau tel quel."
"""Ends a doubt on a page where sending the same text again confirms it."""


def settled(read: Callable[[Cell], Value], text: str, seen: str) -> Value:
    """The value of a typed text. A doubt is taken when the person sends again the text that it was about.

    seen: the text that the page showed with its fault, "" at first. Raises Fault.
    """
    try:
        return read(text)
    except Doubt as doubt:
        if seen and said(seen) == said(text):
            value: Value = doubt.value
            return value
        raise Fault(f"{doubt} {AGAIN}") from None


_EMPTY_WORDS = frozenset(
    {
        *("neant", "nc", "n c", "n a", "non precise", "non precisee", "non renseigne", "non renseignee"),
        *("non communique", "non communiquee", "sans objet", "a preciser", "a completer"),
    }
)
"""What other software writes in a field that it may not leave empty, as search_key gives it."""


def says_nothing(text: str) -> bool:
    """Whether the text of a file is a way to leave a field empty: «.», «-», «néant», «non précisé»…"""
    return not said(text) or (len(text) < 25 and search_key(text) in _EMPTY_WORDS)
