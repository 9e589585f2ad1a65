"""Domains of Formacode V14, by Centre Inffo, kept by the national directory of inclusion services.

They are codes of LHEO's `code-FORMACODE ref="V14"`; that directory drops a formation that has none of them.
The whole Formacode is not shipped.
"""

from functools import cache

from .files import FOLDER, read_labels


@cache
def domaines() -> dict[str, str]:
    """{code of five digits: label}, by code. Cached: do not modify it."""
    return read_labels(FOLDER / "domaines-formacode-v14.csv")
