"""Moderation rules of the network at the start (regles.toml, written for this project)."""

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from .files import FOLDER


@dataclass(frozen=True)
class ReadyRule:
    """definition: a document of backoffice.models.moderation.rule_language."""

    code: str
    name: str
    message: str
    effect: str
    definition: dict[str, Any]


@cache
def ready_rules() -> tuple[ReadyRule, ...]:
    tables = tomllib.loads((FOLDER / "regles.toml").read_text(encoding="utf-8"))
    return tuple(
        ReadyRule(
            code,
            row["name"],
            row["message"],
            row["effect"],
            {"match": row["match"], "conditions": row["conditions"]},
        )
        for code, row in tables.items()
    )
