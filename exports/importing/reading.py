"""The result of reading an entry from any source, and the readers of dates and HTML that sources share."""

from __future__ import annotations

import calendar
import dataclasses
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time
from html.parser import HTMLParser
from typing import Any

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.limited import UnreadableFile as UnreadableFile
from backoffice.models.content import Contenu
from backoffice.models.content.vocabulary import Dispositif
from backoffice.models.values import dates
from backoffice.models.values.faults import Doubt, Fault
from exports.lheo.business_rules import UNKNOWN_END, UNKNOWN_START

SHOWN = 200
"""Maximum number of characters of a text quoted in a remark."""
LISTED = 4_000
"""Maximum number of characters of all the texts that a remark lists."""


@dataclass(frozen=True)
class Remark:
    """A message about one spot of an entry.

    path: see backoffice.models.content; "" when it has no spot. quote: the original text.
    fault: True for an error to correct in the file, False for information.
    """

    path: str
    message: str
    quote: str = ""
    fault: bool = True


@dataclass
class Read:
    """One entry of a file.

    place: its position, in French («ligne 12»). numero: its identifier for the sender, or "".
    unsaid: paths of the values absent from the file (defaults): a merge ignores them.
    emptied: paths of the values that the file states to have none, such as a session without end.
    partial: paths of the values, or of the parts, that the file gives and that were not wholly understood: a merge
    leaves what is stored there as it is. A new fiche takes what was understood.
    ours: the file is our own export; the content is then exactly what was exported.
    """

    place: str
    content: Contenu
    numero: str = ""
    dispositif: Dispositif | None = None
    ours: bool = False
    unsaid: set[str] = field(default_factory=set)
    partial: set[str] = field(default_factory=set)
    remarks: list[Remark] = field(default_factory=list)
    cells: list[tuple[int, str, str]] = field(default_factory=list)
    """(row number, key of the column, text) of what it was read from, in a table."""
    wrong: list[tuple[int, str, str]] = field(default_factory=list)
    """(row number, key of the column, message) of the cells that were not understood."""
    emptied: set[str] = field(default_factory=set)

    def remark(self, path: str, message: str, quote: str = "", *, fault: bool = True, longest: int = SHOWN) -> None:
        shown = quote if len(quote) <= longest else quote[: longest - 1] + "…"
        made = Remark(path, message, shown, fault)
        if made not in self.remarks:
            self.remarks.append(made)

    def doubt(self, path: str, message: str, quote: str, *, part: str = "") -> None:
        """A remark about a value that was not wholly understood, or, with `part`, about a whole part of the content."""
        self.partial.add(part or path)
        self.remark(path, message, quote)

    def doubtful(self, path: str) -> bool:
        """Whether this value, or something in this part, was not wholly understood."""
        return any(f"{found}-".startswith(f"{path}-") for found in self.partial)


def leaf_values(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of every leaf of a content or of one of its parts, rows included."""
    for item in dataclasses.fields(value):
        here = f"{path}-{item.name}" if path else item.name
        found = getattr(value, item.name)
        if dataclasses.is_dataclass(found):
            yield from leaf_values(found, here)
        elif isinstance(found, list) and found and dataclasses.is_dataclass(found[0]):
            for rank, row in enumerate(found):
                yield from leaf_values(row, f"{here}-{rank}")
        else:
            yield here, found


# --- Dates ------------------------------------------------------------------------------------------

_EIGHT = re.compile(r"\d{4}-?(\d{2})-?(\d{2})")


def read_day(text: str) -> tuple[date | None, str]:
    """(day, French error) of a day of a file: an error has no day, or one that a person must confirm.

    An empty text and LHEO's values for an unknown day give (None, "").
    """
    if (text := text.strip()) in ("", UNKNOWN_START, UNKNOWN_END):
        return None, ""
    if (found := _EIGHT.fullmatch(text)) and "00" in found.groups():
        return None, "Cette date ne dit pas le jour : à compléter."
    try:
        return dates.day(text, local_day(now()))[0], ""
    except Doubt as doubt:
        return doubt.value, str(doubt)
    except Fault as fault:
        return None, str(fault)


def read_month(text: str) -> tuple[date, date] | None:
    """(first day, last day) of the month AAAAMM00; None for anything else."""
    found = re.fullmatch(r"(\d{4})(0[1-9]|1[0-2])00", text.strip())
    if not found or not 2000 <= int(found[1]) <= 2100:
        return None
    year, month = int(found[1]), int(found[2])
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def read_hour(text: str) -> time | None:
    """The time of «9h» or «12h30»; None for anything else."""
    found = re.fullmatch(r"([01]?\d|2[0-3])h([0-5]\d)?", text.strip())
    return time(int(found[1]), int(found[2] or 0)) if found else None


_DEGREES = re.compile(r"[+-]?\d{1,3}(?:\.\d+)?")


def is_point(latitude: str, longitude: str) -> bool:
    """Whether these texts are decimal degrees of a point on Earth. 0, 0, in the ocean, stands for an unknown point."""
    if not _DEGREES.fullmatch(latitude) or not _DEGREES.fullmatch(longitude):
        return False
    north, east = float(latitude), float(longitude)
    return abs(north) <= 90 and abs(east) <= 180 and (north, east) != (0, 0)


# --- HTML -------------------------------------------------------------------------------------------

_TAG = re.compile(
    r"</?(?:p|br|ul|ol|li|b|strong|i|em|u|span|div|a|h[1-6]|table|tr|td|th|tbody|hr|sup|sub|font)\b[^<>]*>", re.I
)
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
_BLOCKS = frozenset({"p", "br", "ul", "ol", "div", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "hr"})


class _Plain(HTMLParser):
    """Extracts the text: a block starts a new line, a list item starts with a dash."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.hidden += tag in ("script", "style")
        if tag == "li":
            self.parts.append("\n- ")
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.hidden = max(0, self.hidden - 1)
        elif tag in _BLOCKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def plain(text: str) -> str:
    """The visible text of an HTML fragment; a text without HTML is returned with its entities decoded."""
    if _TAG.search(text):
        parser = _Plain()
        parser.feed(text)
        parser.close()
        lines = ("".join(parser.parts)).replace("\xa0", " ").split("\n")
        kept = [" ".join(line.split()) for line in lines]
        return re.sub("\n{3,}", "\n\n", "\n".join(kept)).strip()
    return html.unescape(text) if _ENTITY.search(text) else text
