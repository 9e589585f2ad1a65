"""French names of a spot of a content: its row, its part, its question."""

from __future__ import annotations

import re
from typing import Any

from backoffice.core.dates import short_day
from backoffice.models.content import Contenu, Creneau, Lieu, Session, pattern_of, spots
from backoffice.models.content.spots import ROW_NAMES
from exports.fragment.words import slot
from forms.kit.questions import Path, Question


def at(content: Contenu, path: str) -> Any:
    """The value at a path. Raises LookupError or AttributeError where there is none."""
    found: Any = content
    for name in path.split("-"):
        found = found[int(name)] if name.isdecimal() else getattr(found, name)
    return found


def label_of_row(path: str) -> str:
    """«Groupe 1, dates 2»; "" for a path without rows."""
    return ", ".join(
        f"{ROW_NAMES[pattern_of(path[: match.start()])]} {int(match[1]) + 1}" for match in re.finditer(r"-(\d+)", path)
    )


def label_within(path: str, base: str = "", question: Question | None = None) -> str:
    """Label of a spot, after the labels of the parts and rows between `base` and it.

    «Structure, Accueil de la structure, Nom» without base; «Accueil de la structure, Nom» with base «structure».
    question: its words replace the label of the spot itself.
    """
    names: list[str] = []
    parts = path.split("-")
    for size, name in enumerate(parts, 1):
        spot = "-".join(parts[:size])
        if name.isdecimal():
            names[-1:] = [f"{ROW_NAMES[pattern_of(spot).removesuffix('[]')]} {int(name) + 1}"]
        else:
            pattern = pattern_of(spot)
            names.append(spots()[pattern if pattern in spots() else f"{pattern}[]"].label)
        if spot == base:
            names.clear()
    if question is not None:
        names[-1] = question.words
    return ", ".join(names)


def full_label(path: str, steps: Path) -> str:
    """Label of a spot, after those of its parts and rows; «Toute la fiche» for ""."""
    if not path:
        return "Toute la fiche"
    pattern = pattern_of(path)
    question = next((q for step in steps.steps for q in step.questions() if q.pattern == pattern), None)
    return label_within(path, question=question)


def period(session: Session) -> str:
    """«du 15/09/2026 au 30/06/2027»"""
    start, end = (short_day(day) if day else "…" for day in (session.debut, session.fin))
    return f"du {start} au {end}"


def name_of_row(row: Any) -> str:
    """What distinguishes a row from the others; "" when it has no name."""
    if isinstance(row, Session):
        return period(row)
    if isinstance(row, Lieu):
        return row.name
    if isinstance(row, Creneau):
        return slot(row)
    return str(getattr(row, "nom", "") or getattr(row, "programme", ""))


def row_title(content: Contenu, path: str) -> str:
    """«Groupe 2 – Débutants»"""
    name = name_of_row(at(content, path))
    return f"{label_of_row(path)} – {name}" if name else label_of_row(path)
