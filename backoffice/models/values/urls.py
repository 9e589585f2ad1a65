"""Addresses of web pages."""

from __future__ import annotations

import re

from .cells import Cell, said
from .faults import Fault, quoted


def read(cell: Cell) -> str:
    """The address; https:// is put before one that begins with www. Raises Fault."""
    text = said(cell)
    address = f"https://{text}" if re.match(r"www\.", text, re.IGNORECASE) else text
    if not re.fullmatch(r"https?://[^\s/?#]+\.[^\s]+", address, re.IGNORECASE):
        raise Fault(f"{quoted(text, 80)} n’est pas une adresse internet. Copiez-la depuis votre navigateur.")
    return address
