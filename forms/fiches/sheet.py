"""A content as a list of fields: every question of the path with its answer in words, row by row."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from backoffice.models.content import Contenu, values
from forms.kit.questions import Path
from forms.kit.step_diff import words

from .labels import label_within, row_title


@dataclass(frozen=True)
class Line:
    """One field. path: of the field. words: its answer, "" when there is none."""

    path: str
    label: str
    words: str


@dataclass
class Group:
    """Lines of one row, or of the step itself when `path` is ""."""

    path: str
    title: str
    lines: list[Line] = field(default_factory=list)


@dataclass
class Part:
    """One step."""

    title: str
    groups: list[Group]


def sheet(content: Contenu, path: Path) -> list[Part]:
    parts = []
    for step in path.steps:
        groups: dict[str, Group] = {}
        for question in step.questions():
            for spot, value in values(content, question.pattern):
                row = next((found[0] for found in re.finditer(r".*-\d+(?=-)", spot)), "")
                group = groups.setdefault(row, Group(row, row_title(content, row) if row else ""))
                told = _place(content, value) if question.choices_from else words(value, question)
                base = row or spot.partition("-")[0]
                group.lines.append(Line(spot, label_within(spot, base, question), told))
        parts.append(Part(step.title, [groups[row] for row in sorted(groups, key=_rank)]))
    return parts


def _rank(row: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key: rows in order, each followed by the rows within it."""
    return tuple((int(part.isdecimal()), int(part) if part.isdecimal() else part) for part in row.split("-") if part)


def _place(content: Contenu, id_: str) -> str:
    return next((lieu.name for lieu in content.lieux if lieu.id == id_), "")
