"""The demonstration accounts shown to visitors (comptes-demonstration.csv, ours).

Their password is public: they can connect in demonstration mode only.
"""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.core.permissions import Role

from .files import FOLDER, read_rows

PASSWORD = "relais-demo-2026"  # noqa: S105 - public on purpose


@dataclass(frozen=True)
class Account:
    """who: what the person is, in French; of: keys of structures or slugs of territoires, by role."""

    email: str
    name: str
    who: str
    role: Role
    of: tuple[str, ...] = ()


ACCOUNTS = tuple(
    Account(row["courriel"], row["nom"], row["qui"], Role(row["role"]), tuple(row["de"].split()))
    for row in read_rows(FOLDER / "comptes-demonstration.csv")
)
"""In the order in which a visit makes sense."""
