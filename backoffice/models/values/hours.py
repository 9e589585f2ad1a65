"""Hours of the day and weekly slots: «9h30», «mardi et jeudi 9h30-11h30», «du lundi au vendredi 9h-12h»."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from .cells import Cell, folded, said
from .faults import Fault, quoted

WEEK = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")

Slot = tuple[str, time, time]
"""(day of the week, begin, end)."""

_HOUR = re.compile(r"(\d{1,2})\s*(?:(?:h|:|heures?)\s*(\d{2})?)?(?:min|mn|:\d{2})?", re.IGNORECASE | re.ASCII)


def hour(cell: Cell) -> time:
    """The time of «9h30», «09:30», «9 h», «9 heures», or of a cell. Raises Fault."""
    if isinstance(cell, datetime):
        return cell.time().replace(second=0, microsecond=0)
    if isinstance(cell, time):
        return cell.replace(second=0, microsecond=0)
    if isinstance(cell, float) and 0 < cell < 1:  # the part of a day, in a spreadsheet
        cell = timedelta(cell)
    if isinstance(cell, timedelta):
        minutes = round(cell / timedelta(minutes=1)) % 1440
        return time(minutes // 60, minutes % 60)
    text = said(cell)
    found = _HOUR.fullmatch(text)
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise Fault(f"{quoted(text, 40)} n’est pas une heure. Écrivez-la comme 9:30 ou 14:00.")
    return time(int(found[1]), int(found[2] or 0))


# --- Weekly slots: all that is written is understood, or nothing ----------------------------------------

_DAY = r"(?:lun(?:di)?|mar(?:di)?|mer(?:credi)?|jeu(?:di)?|ven(?:dredi)?|sam(?:edi)?|dim(?:anche)?)s?\b\.?"
_RANGE = rf"(?:du )?{_DAY} ?(?:au|a|jusqu\W?au) ?{_DAY}"
_DAYS = rf"(?:{_RANGE}|{_DAY})(?: ?(?:,|et|/|&|\+)? ?(?:les? )?(?:{_RANGE}|{_DAY}))*"
_FULL = r"\d{1,2} ?(?:h(?:eures?)?|:) ?(?:\d{2})?"
_SHORT = rf"(?:{_FULL}|\d{{1,2}})"
_TO = r" ?(?:-|a|/|jusqu\W?a) ?"
_SPAN = rf"(?:de )?(?:{_FULL}{_TO}{_SHORT}|{_SHORT}{_TO}{_FULL})"
_SPANS = rf"{_SPAN}(?: ?(?:,|et|puis|/|&|\+)? ?{_SPAN})*"
_GROUP = re.compile(
    rf"(?:(?:tous )?(?:les?|chaque) )?(?P<days>{_DAYS})[ ,:(]*(?P<spans>{_SPANS})(?:[ ;,.|)]|et\b|puis\b)*", re.ASCII
)


def slots(cell: Cell) -> list[Slot]:
    """The slots of a week: «mardi et jeudi 9h30-11h30 ; samedi de 10h à 12h» gives three. Raises Fault.

    A text that is understood in part only is refused whole: a slot that is missing is worse than none.
    """
    text = re.sub(r"[\u2010-\u2015\u2192]", "-", folded(cell))[:_LONGEST]
    found: list[Slot] = []
    place = 0
    while place < len(text):
        group = _GROUP.match(text, place)
        if group is None:
            raise Fault(
                f"{quoted(said(cell))} : ces horaires ne se comprennent pas tous. Écrivez-les comme {_EXAMPLE}."
            )
        for begin, end in re.findall(rf"({_SHORT}){_TO}({_SHORT})", group["spans"], re.ASCII):
            found += [(day, hour(begin), hour(end)) for day in _days(group["days"])]
        place = group.end()
    return list(dict.fromkeys(found))


_LONGEST = 1_000
"""Characters read of a week."""
_EXAMPLE = "mardi 9h30-11h30 ; jeudi 14h-16h"


def _days(text: str) -> list[str]:
    days: list[str] = []
    for piece in re.findall(rf"{_RANGE}|{_DAY}", text, re.ASCII):
        ends = [_named(word) for word in re.findall(_DAY, piece, re.ASCII)]
        first, last = WEEK.index(ends[0]), WEEK.index(ends[-1])
        days += WEEK[first : last + 1] if first <= last else (*WEEK[first:], *WEEK[: last + 1])
    return days


def _named(word: str) -> str:
    return next(day for day in WEEK if day.startswith(word[:3]))
