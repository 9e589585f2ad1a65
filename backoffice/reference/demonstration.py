"""Demonstration accounts shown to visitors (comptes-demonstration.csv, written for this project).

Their password is public: they can log in only in demonstration mode.
"""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.core.permissions import Role

from .files import FOLDER, read_rows

PASSWORD = "relais-demo-2026"  # noqa: S105 - public on purpose


@dataclass(frozen=True)
class Account:
    """who: description of the person, in French; of: keys of structures, or slugs of territoires, by role."""

    email: str
    name: str
    who: str
    role: Role
    of: tuple[str, ...] = ()


ACCOUNTS = tuple(
    Account(row["courriel"], row["nom"], row["qui"], Role(row["role"]), tuple(row["de"].split()))
    for row in read_rows(FOLDER / "comptes-demonstration.csv")
)
"""In the recommended order of a visit."""
