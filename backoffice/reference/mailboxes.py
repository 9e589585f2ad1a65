"""The hosts of private mailboxes (boites-personnelles.csv, ours): an address there is often one person's."""

from functools import cache

from .files import FOLDER, read_rows


@cache
def private_hosts() -> frozenset[str]:
    return frozenset(row["domaine"] for row in read_rows(FOLDER / "boites-personnelles.csv"))


def is_private(email: str) -> bool:
    """Whether the address is one that anybody may open, rather than one of a structure."""
    return email.rpartition("@")[2].lower() in private_hosts()
