"""Territoires at the start: one per Carif-Oref, regional or overseas.

`territoires.csv` was written for this project. The prefix begins every published numero of the territoire, and never
changes after the first one. Grand Est has that of the national flow (`01_GE`). The others are a choice of this project,
to be checked against what each Carif-Oref already uses before its first flow: the code of the région (its last two
digits when it has three), then two letters, the ISO 3166 country code overseas.
"""

from dataclasses import dataclass

from .communes import departements
from .files import FOLDER, read_rows


@dataclass(frozen=True, slots=True)
class TerritoireRow:
    """A territoire as first created."""

    slug: str
    nom: str
    prefixe: str  # two digits, an underscore, two capitals; unique
    region: str  # a key of communes.regions(), and unique
    siret_obligatoire: bool  # false where associations have no SIRET (Nouvelle-Calédonie)

    @property
    def departements(self) -> tuple[str, ...]:
        """The départements covered at the start: those of its région."""
        return tuple(code for code, row in departements().items() if row.region == self.region)


def read_territoires() -> tuple[TerritoireRow, ...]:
    """Every territoire, by slug."""
    return tuple(
        TerritoireRow(
            slug=row["slug"],
            nom=row["nom"],
            prefixe=row["prefixe"],
            region=row["region"],
            siret_obligatoire=row["siret_obligatoire"] == "1",
        )
        for row in read_rows(FOLDER / "territoires.csv")
    )
