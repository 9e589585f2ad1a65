"""Number of consecutive readings needed to apply a difference of a register, by default."""

import tomllib
from dataclasses import dataclass
from functools import cache

from .files import FOLDER

USUAL = "ordinaire"


@dataclass(frozen=True, slots=True)
class Patience:
    """additions, changes, removals: consecutive readings, at least 1. least: percentage of the table's rows."""

    additions: int
    changes: int
    removals: int
    least: int


@cache
def _shipped() -> dict[str, Patience]:
    tables = tomllib.loads((FOLDER / "registres.toml").read_text(encoding="utf-8"))
    return {name: Patience(**row) for name, row in tables.items()}


def patience(register: str) -> Patience:
    return _shipped().get(register) or _shipped()[USUAL]
