"""Telephone numbers: read from any usual spelling, stored in E.164, shown in one way.

A short number (3949) is stored as it is dialled.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from .cells import Cell, figures
from .faults import Fault, quoted

_OVERSEAS = ("RE", "GP", "GF", "MQ")
"""Plans with the ten digits of metropolitan France, tried before it: 0596 is Martinique. RE includes Mayotte."""
_ON_SITE = {PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
"""Kinds of numbers that tell where they are: 0800 is the same everywhere, and taken as metropolitan."""
_NATIONAL = {33, 262, 590, 594, 596, 508}
"""Country codes of the numbers that are dialled with ten digits from all of France."""

_SHORT = re.compile(r"3\d{3}")
_WRITTEN = re.compile(r"[\d\s+().\-/\u2010-\u2015]+")
_SEVERAL = re.compile(r"\s*(?:/|;|,|\bou\b|\bet\b)\s*", re.IGNORECASE)
_EXAMPLE = "Écrivez-le comme 02 31 00 00 00 ; pour l’étranger, commencez par + et l’indicatif du pays."


def read(cell: Cell) -> str:
    """The number in E.164, or a short number as it is dialled. Raises Fault.

    The zero or the + that a spreadsheet has taken off is put back. Letters are refused: they hide a typing error, or
    a second number.
    """
    text = figures(cell)
    if _SHORT.fullmatch(short := re.sub(r"[\s.\-]", "", text)):
        return short
    number = _number(text)
    if number is not None:
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if sum(_number(part) is not None for part in _SEVERAL.split(text)) > 1:
        raise Fault(f"{quoted(text)} contient plusieurs numéros de téléphone. Écrivez-en un seul.")
    if not _WRITTEN.fullmatch(text):
        raise Fault(f"{quoted(text)} n’est pas un numéro de téléphone : il n’a que des chiffres. {_EXAMPLE}")
    raise Fault(f"{quoted(text)} n’est pas un numéro de téléphone qui existe. {_EXAMPLE}")


@lru_cache(maxsize=4096)
def stored(text: str) -> str:
    """The stored form of a number that was kept as it was typed; the text itself when it is no number."""
    try:
        return read(text)
    except Fault:
        return text


@lru_cache(maxsize=4096)
def shown(text: str) -> str:
    """The number as pages, e-mails and flows show it: «02 31 00 00 00», «39 49», «+377 97 77 00 00».

    The same for a number in any other usual spelling; a text that is no number is returned unchanged.
    """
    if _SHORT.fullmatch(text):
        return f"{text[:2]} {text[2:]}"
    number = _number(text)
    if number is None:
        return text
    if number.country_code in _NATIONAL:
        return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def _number(text: str) -> PhoneNumber | None:
    if not _WRITTEN.fullmatch(text):
        return None
    for region in _OVERSEAS:
        number = _parsed(text, region)
        if number is not None and phonenumbers.number_type(number) in _ON_SITE:
            return number
    number = _parsed(text, "FR")
    if number is None and (without_plus := _parsed(f"+{text}", None)) and without_plus.country_code in _NATIONAL:
        number = without_plus
    return number


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None
