"""Converts the text of one cell, as people write it, to a value of the content, or to a French error message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from backoffice.core.text import clean, fold, search_key
from backoffice.models.content import Creneau, spots
from backoffice.models.content.vocabulary import JOURS
from exports.lheo import grammar

from .columns import SLOTS
from .reading import plain, read_day

_YES, _NO = {"oui", "o", "yes", "vrai", "true", "1", "x"}, {"non", "n", "no", "faux", "false", "0"}
_DIGITS_ONLY = ("structure.siret", "structure.numero_activite", "code_postal")


def read_cell(key: str, text: str) -> tuple[Any, str]:
    """(value, "") or (the valid part of the value, error message). key: a pattern of the content, or SLOTS."""
    if key == SLOTS:
        return read_slots(text)
    spot = spots()[key]
    kind, several = spot.kind, spot.type == list[str]
    if spot.choices:
        return _chosen(text, spot.choices, several=several)
    if several:
        return fold(clean(plain(text).replace(";", "\n"), multiline=True), grammar.limit(spot.lheo)[1]), ""
    if kind is date:
        return read_day(text)
    if kind is int:
        return _whole(text)
    if kind is bool:
        said = read_yes(text)
        return bool(said), "" if said is not None else "La réponse attendue est oui ou non."
    text = clean(plain(text), multiline=True)
    if key.endswith("code_postal") and re.fullmatch(r"\d{4}", text):
        return f"0{text}", ""  # spreadsheets drop the leading zero
    return (re.sub(r"[\s.\-]", "", text) if key.endswith(_DIGITS_ONLY) else text), ""


def read_yes(text: str) -> bool | None:
    """The boolean of a French or English yes or no; None for anything else."""
    word = search_key(text)
    return word in _YES if word in _YES | _NO else None


def _whole(text: str) -> tuple[int | None, str]:
    digits = re.sub(r"[\s\xa0€]", "", text)
    found = re.fullmatch(r"(\d{1,9})(?:[.,]0+)?", digits)
    return (int(found[1]), "") if found else (None, "Ce n’est pas un nombre entier.")


def _chosen(text: str, table: Mapping[str, str], *, several: bool) -> tuple[Any, str]:
    """(code or codes, error). Several answers are separated by semicolons, line breaks, bars or commas."""
    pieces = [piece for piece in re.split(r"[;\n|]", text) if piece.strip()] if several else [text]
    kept: list[str] = []
    unknown: list[str] = []
    for piece in pieces:
        codes = _codes(piece, table, several=several)
        kept += [code for code in codes if code not in kept]
        unknown += [] if codes else [piece.strip()]
    wrong = f"Réponse hors de la liste : {' ; '.join(unknown)}." if unknown else ""
    return (kept if several else next(iter(kept), "")), wrong


def _codes(piece: str, table: Mapping[str, str], *, several: bool) -> list[str]:
    folded = search_key(piece)
    for code, words in table.items():
        if folded in (search_key(code), search_key(words)):
            return [code]
    if not several:
        # People often shorten «A1 – se présente…» to «A1», or add words after «Gratuit».
        return [code for code, words in table.items() if _begins(folded, code) or _begins(folded, words)][:1]
    inside = [code for code, words in table.items() if f" {search_key(words)} " in f" {folded} "]
    return inside or [code for part in piece.split(",") if part != piece for code in _codes(part, table, several=True)]


def _begins(folded: str, words: str) -> bool:
    key = search_key(words)
    return bool(folded) and (f"{folded} ".startswith(f"{key} ") or f"{key} ".startswith(f"{folded} "))


_DAY = f"(?:{'|'.join(JOURS)})s?"
_HOUR = r"(\d{1,2})\s*(?:h|:|heures?)\s*(\d{2})?"
_SLOT = re.compile(rf"((?:{_DAY}(?:\s*(?:,|et|/|&|\+)\s*)?)+)[\s,:]*(?:de\s*)?{_HOUR}\s*(?:-|–|—|à|a)\s*{_HOUR}", re.I)


def read_slots(text: str) -> tuple[list[Creneau], str]:
    """(slots, error): «mardi et jeudi 9h30-11h30 ; samedi de 10h à 12h» gives three slots."""
    slots = []
    for found in _SLOT.finditer(text):
        begin, end = _hour(found[2], found[3]), _hour(found[4], found[5])
        if begin and end:
            slots += [Creneau(day.lower().removesuffix("s"), begin, end) for day in re.findall(_DAY, found[1], re.I)]
    rest = re.sub(r"[\s;,.]|et", "", _SLOT.sub("", text))
    return slots, "" if slots and not rest else "Ces horaires ne se comprennent pas tous : relisez-les."


def _hour(hours: str, minutes: str | None) -> time | None:
    try:
        return time(int(hours), int(minutes or 0))
    except ValueError:
        return None
