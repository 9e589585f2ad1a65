"""The territoires at the start: one for each Carif-Oref, regional or overseas.

`territoires.csv` is ours. The prefix opens every numero that leaves the territoire and never changes once one
has left. Grand Est has the one of the national flow (`01_GE`). The others are our choice, to be compared with
what each Carif-Oref already uses before its first flow: the région's code (its last two digits where it has
three), then two letters, the country code of ISO 3166 for overseas.
"""

from dataclasses import dataclass

from .communes import departements
from .files import FOLDER, read_rows


@dataclass(frozen=True, slots=True)
class TerritoireRow:
    """A territoire as it is first created."""

    slug: str
    nom: str
    prefixe: str  # two digits, an underscore, two capitals; unique
    region: str  # a key of communes.regions(), and unique
    siret_obligatoire: bool  # false where associations have no SIRET (Nouvelle-Calédonie)

    @property
    def departements(self) -> tuple[str, ...]:
        """What it covers at the start: the whole of its région."""
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
