"""A map of France as tiles, one a département about where it lies, overseas below (`carte-departements.csv`, ours)."""

from functools import cache

from .files import FOLDER, read_rows


@cache
def tiles() -> dict[str, tuple[int, int]]:
    """Code of the département → (column, row) of its tile, from the top left. Shared: read it, do not change it."""
    rows = read_rows(FOLDER / "carte-departements.csv")
    return {row["departement"]: (int(row["colonne"]), int(row["ligne"])) for row in rows}
