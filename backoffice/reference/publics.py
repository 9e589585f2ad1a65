"""Publics of Formacode V14, by Centre Inffo: the codes of LHEO's `code-public-vise ref="V14"`."""

from functools import cache

from .files import FOLDER, read_labels


@cache
def publics() -> dict[str, str]:
    """{code of five digits: label}, by code. Cached: do not modify it."""
    return read_labels(FOLDER / "publics-formacode-v14.csv")
