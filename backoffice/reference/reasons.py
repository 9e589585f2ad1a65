"""Reasons of decisions of every territoire at the start (motifs.toml, written for this project)."""

import tomllib
from dataclasses import dataclass
from functools import cache

from .files import FOLDER


@dataclass(frozen=True, slots=True)
class Motif:
    """label: in the moderator's list; text: shown to the structure; cure: what the structure can do.

    transitions: names of the decisions for which it can be chosen. own: written or changed by the territoire.
    """

    code: str
    label: str
    text: str
    cure: str
    transitions: tuple[str, ...]
    active: bool = True
    own: bool = False

    @property
    def said(self) -> dict[str, str]:
        """Copy stored in the log with a decision."""
        return {"code": self.code, "label": self.label, "text": self.text, "cure": self.cure}


@cache
def shipped() -> dict[str, Motif]:
    """By code, in the order of the file."""
    tables = tomllib.loads((FOLDER / "motifs.toml").read_text(encoding="utf-8"))
    return {
        code: Motif(code, row["label"], row["text"], row["cure"], tuple(row["transitions"]))
        for code, row in tables.items()
    }
