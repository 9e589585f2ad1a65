"""What importing an entry changes, in words: each value before and after."""

from __future__ import annotations

from typing import Any

from backoffice.models.content import Contenu
from forms.fiches.content_diff import compare
from forms.fiches.content_diff_words import changes
from forms.kit.questions import Path

LONGEST = 150
"""Characters shown of a value."""


def told(before: Contenu, after: Contenu, path: Path) -> list[dict[str, Any]]:
    """[{"label", "before", "after"}] of every difference, with the département of each address that moves."""
    rows = [
        {
            "label": f"{shown.section}, {shown.label}" if shown.section else shown.label,
            "before": _cut(shown.old),
            "after": _cut(shown.new or " ; ".join(f"{label} : {words}" for label, words in shown.lines)),
        }
        for shown in changes(before, after, path)
    ]
    for change in compare(before, after).changes:
        for leaf in change.leaves:
            if leaf.name == "departement":
                rows.append({"label": "Département", "before": leaf.old or "", "after": leaf.new or ""})
    return rows


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
