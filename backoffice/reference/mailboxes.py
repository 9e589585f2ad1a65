"""Domains of private mailboxes (boites-personnelles.csv, written for this project), often used by one person."""

from functools import cache

from .files import FOLDER, read_rows


@cache
def private_hosts() -> frozenset[str]:
    return frozenset(row["domaine"] for row in read_rows(FOLDER / "boites-personnelles.csv"))


def is_private(email: str) -> bool:
    """Whether the address is at a public mail provider, not at a structure's own domain."""
    return email.rpartition("@")[2].lower() in private_hosts()
