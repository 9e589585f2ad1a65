"""The one reader of each field of the content: what is typed, or a cell, becomes the value or a fault in French.

A field reads with the reader of its declaration (backoffice.models.content), then meets the limits of its LHEO element.
Forms, imports, the fast lane and the review before sending all call `read`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from backoffice.core.clock import now
from backoffice.core.dates import local_day, long_day
from backoffice.core.text import clean, fold, spaced
from backoffice.models.content import Contenu, Spot, dump, leaves, put_at, spots, values
from backoffice.models.values import answers, dates, hours
from backoffice.models.values.cells import Cell, said, says_nothing, text_of
from backoffice.models.values.faults import Doubt, Fault, quoted

from . import grammar

PLAIN_LIMIT = 250
"""In characters: for the few texts without an LHEO element, and for what is typed of a number or an address."""


@dataclass(frozen=True)
class Answer:
    """What a field makes of an input. value: an empty one when nothing was said, or with a fault.

    fault: in French; "" when there is none. doubt: the fault, when a person may confirm the value.
    understood: how an ambiguous answer was read, in French; "" otherwise.
    """

    value: Any
    fault: str = ""
    doubt: Doubt | None = None
    understood: str = ""


def read(spot: Spot, cell: Cell | list[str], today: date) -> Answer:
    """Reads one answer. cell: the codes or the lines, for a list that is already one. Never raises.

    A «néant» instead of a number, a day or a choice says nothing; in a text, it may be what is meant.
    """
    whole = _whole(cell)
    free = spot.reader is None and not spot.choices and spot.kind is str
    if not free and says_nothing(text_of(whole)):
        return Answer(nothing_of(spot))
    return _answer(spot, whole, today)


def nothing_of(spot: Spot) -> Any:
    """The value of an empty answer."""
    return [] if spot.type == list[str] else "" if spot.kind is str else False if spot.kind is bool else None


def _whole(cell: Cell | list[str]) -> Cell:
    return "\n".join(cell) if isinstance(cell, list) else cell


def _answer(spot: Spot, cell: Cell, today: date) -> Answer:
    if not said(cell, multiline=True):
        return Answer(nothing_of(spot))
    try:
        return _read(spot, cell, today)
    except Doubt as doubt:
        return Answer(nothing_of(spot), str(doubt), doubt)
    except Fault as fault:
        return Answer(nothing_of(spot), str(fault))


def value(pattern: str, cell: Cell | list[str]) -> Any:
    """The value of one field of the content, outside a content: on the page of a structure, in the fast lane.

    Raises Fault, Doubt included.
    """
    answer = read(spots()[pattern], cell, local_day(now()))
    if answer.fault:
        raise answer.doubt or Fault(answer.fault)
    return answer.value


def _read(spot: Spot, cell: Cell, today: date) -> Answer:
    if spot.type == list[str]:
        return Answer(_some(spot, cell) if spot.choices else _lines(spot, cell))
    if spot.choices:
        return Answer(answers.one_of(cell, spot.choices))
    if spot.kind is date:
        day, inferred = dates.day(cell, today)
        known = f"{quoted(said(cell), 40)} a été compris comme le {long_day(day)}." if inferred else ""
        return Answer(day, understood=known)
    if spot.kind is time:
        return Answer(hours.hour(cell))
    if spot.kind is bool:
        return Answer(answers.yes(cell))
    if spot.reader is None:
        return Answer(_within(clean(text_of(cell), multiline=spot.multiline), limit_of(spot)))
    if spot.kind is int:
        return Answer(spot.reader(cell))
    _within(said(cell), max(limit_of(spot), PLAIN_LIMIT))
    return Answer(_within(spot.reader(cell), limit_of(spot)))


def _some(spot: Spot, cell: Cell) -> list[str]:
    codes, most = answers.some_of(cell, spot.choices), count_of(spot)
    if len(codes) > most:
        raise Fault(f"Choisissez {most} réponses au plus.")
    return codes


def _lines(spot: Spot, cell: Cell) -> list[str]:
    lines = fold(clean(text_of(cell), multiline=True), limit_of(spot))
    if len(lines) > (most := count_of(spot)):
        raise Fault(f"Cette adresse a {len(lines)} lignes : {most} au plus.")
    return lines


def _within(text: str, limit: int) -> str:
    if (length := len(text)) > limit:
        over = f"{spaced(length - limit)} caractère{'s' if length - limit > 1 else ''}"
        raise Fault(f"Ce texte est trop long de {over} : il en compte {spaced(length)}, pour {spaced(limit)} au plus.")
    return text


def limit_of(spot: Spot) -> int:
    """Maximum length of a text, or of one of its lines: limit of its LHEO element, minus the reserve of the spot."""
    return grammar.limit(spot.lheo)[1] - spot.reserve if spot.lheo else PLAIN_LIMIT


def count_of(spot: Spot) -> int:
    """Maximum number of values of a list, from the grammar."""
    if not spot.lheo:
        return len(spot.choices) or 20
    parent, child = spot.lheo.split("/")[-2:]
    return grammar.occurs(parent, child)[1] or 99


def as_confirmed(doubt: Doubt) -> str:
    """The value of a doubt, as Contenu.confirmes keeps it once a person has confirmed it."""
    return str(dump(doubt.value))


def kept(spot: Spot, cell: Cell | list[str], answer: Answer) -> Any:
    """What a file leaves in the draft: the value, also when it is asked again; a text that is only too long.

    The review before sending refuses the last two.
    """
    if answer.doubt is not None:
        return answer.doubt.value
    if answer.fault and spot.kind is str and spot.reader is None and not spot.choices and spot.type is str:
        return clean(text_of(cell if not isinstance(cell, list) else ""), multiline=spot.multiline)
    return answer.value


# --- A whole content, read again ----------------------------------------------------------------------


def again(content: Contenu, today: date) -> Iterator[tuple[str, Spot, Answer]]:
    """(path, spot, answer) of each value of the content, read again; without the doubts that a person confirmed."""
    for spot in leaves():
        for path, value in () if spot.hidden else list(values(content, spot.pattern)):
            if value not in ("", None, []):
                answer = _answer(spot, _whole(value), today)
                if answer.doubt is not None and as_confirmed(answer.doubt) in content.confirmes:
                    answer = Answer(answer.doubt.value)
                yield path, spot, answer


def faults(content: Contenu, today: date) -> list[tuple[str, str]]:
    """(path, fault in French) of each stored value that its reader refuses."""
    return [(path, answer.fault) for path, _, answer in again(content, today) if answer.fault]


def settled(content: Contenu, today: date) -> Contenu:
    """Writes each value in its stored form, where its reader accepts it. Modifies and returns `content` itself."""
    for path, _, answer in again(content, today):
        if not answer.fault:
            put_at(content, path, answer.value)
    return content
