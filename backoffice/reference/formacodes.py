"""The domains of Formacode V14, by Centre Inffo, that the national directory of inclusion services keeps.

They are codes of LHEO's `code-FORMACODE ref="V14"`; that directory drops a formation with none of them.
The whole Formacode is not shipped.
"""

from functools import cache

from .files import FOLDER, read_labels


@cache
def domaines() -> dict[str, str]:
    """Code of five digits → label, by code. One shared dictionary: read it, do not change it."""
    return read_labels(FOLDER / "domaines-formacode-v14.csv")
