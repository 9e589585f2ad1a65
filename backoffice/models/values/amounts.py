"""Amounts in euros: a number of a spreadsheet is rounded to cents, an ambiguous text is asked again."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal

from backoffice.core.dates import NBSP

from .cells import Cell, said
from .faults import Fault, quoted

_CURRENCY = re.compile(r"€|EUR(?:OS?)?\b", re.IGNORECASE)
_PLAIN = re.compile(r"(\d+)(?:[.,](\d+))?", re.ASCII)
_GROUPED = re.compile(r"(\d{1,3}(?:([.,])\d{3}(?:\2\d{3})*))(?:(?!\2)[.,](\d{1,2}))?", re.ASCII)
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)

_DIGITS = 10
"""Most digits of an amount in euros."""


def cents(cell: Cell) -> int:
    """An amount in cents: «12 500», «12.500,50 €», «1.234.567», the number 98.075 (9 808 cents). Raises Fault.

    «12,500» is asked again: twelve thousand five hundred, or twelve and a half?
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _of_number(cell)
    text = said(cell)
    digits = re.sub(r"\s", "", _CURRENCY.sub("", text))
    if _AMBIGUOUS.fullmatch(digits):
        thousands = re.sub(r"[.,]", f"{NBSP}", digits)
        euros, centimes = divmod(_in_cents(Decimal(digits.replace(",", ".")), text), 100)
        raise Fault(
            f"{quoted(text, 30)} peut se lire de deux façons. Écrivez {thousands} ou {euros},{centimes:02d}, selon ce "
            "que vous voulez dire."
        )
    if found := _PLAIN.fullmatch(digits):
        amount = Decimal(f"{found[1]}.{found[2] or '0'}")
    elif grouped := _GROUPED.fullmatch(digits):
        amount = Decimal(f"{re.sub(r'[.,]', '', grouped[1])}.{grouped[3] or '0'}")
    else:
        raise Fault(f"{quoted(text, 30)} n’est pas un montant. Écrivez-le comme 12 500 ou 12 500,50.")
    return _in_cents(amount, text)


def _of_number(number: float) -> int:
    if not math.isfinite(number) or number < 0:
        raise Fault(f"{quoted(str(number), 30)} n’est pas un montant. Écrivez-le comme 12 500 ou 12 500,50.")
    return _in_cents(Decimal(repr(number)), str(number))


def _in_cents(amount: Decimal, text: str) -> int:
    if amount.adjusted() >= _DIGITS:
        raise Fault(f"{quoted(text, 30)} est un montant trop grand : relisez-le.")
    return int(amount.quantize(Decimal("0.01"), ROUND_HALF_UP) * 100)
