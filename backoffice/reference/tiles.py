"""Tile map of the départements, overseas below (`carte-departements.csv`, written for this project)."""

from functools import cache

from .files import FOLDER, read_rows


@cache
def tiles() -> dict[str, tuple[int, int]]:
    """{code of the département: (column, row) of its tile}, from the top left. Cached: do not modify it."""
    rows = read_rows(FOLDER / "carte-departements.csv")
    return {row["departement"]: (int(row["colonne"]), int(row["ligne"])) for row in rows}
