"""The reasons of decisions that every territoire starts with (motifs.toml, ours)."""

import tomllib
from dataclasses import dataclass
from functools import cache

from .files import FOLDER


@dataclass(frozen=True, slots=True)
class Motif:
    """label: in the moderator's list; text: what the structure reads; cure: what it can do.

    transitions: names of the decisions that it explains. own: written by the territoire, not only here.
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
        """What the log keeps of it, in its words of that day."""
        return {"code": self.code, "label": self.label, "text": self.text, "cure": self.cure}


@cache
def shipped() -> dict[str, Motif]:
    """By code, in the order of the file."""
    tables = tomllib.loads((FOLDER / "motifs.toml").read_text(encoding="utf-8"))
    return {
        code: Motif(code, row["label"], row["text"], row["cure"], tuple(row["transitions"]))
        for code, row in tables.items()
    }
