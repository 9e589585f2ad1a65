"""Form of a ready sentence, about one question or about any."""

from __future__ import annotations

from collections.abc import Mapping

from backoffice.core.text import clean
from backoffice.models.moderation.remark import LONGEST
from forms.fiches.labels import full_label
from forms.fiches.paths import PATHS


def questions() -> dict[str, str]:
    """{pattern: label} of every question of every path."""
    return {
        question.pattern: full_label(question.pattern.replace("[]", "-0").replace(".", "-"), path)
        for path in PATHS.values()
        for step in path.steps
        for question in step.questions()
    }


def read(sent: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """({"question": …, "texte": …} as typed, error or "")."""
    typed = {"question": sent.get("question", ""), "texte": clean(sent.get("texte", ""), multiline=True)}
    if typed["question"] and typed["question"] not in questions():
        typed["question"] = ""
        return typed, "Choisissez la question dans la liste."
    if not typed["texte"]:
        return typed, "Écrivez la phrase."
    if len(typed["texte"]) > LONGEST:
        return typed, f"La phrase est trop longue : {LONGEST} caractères au plus."
    return typed, ""
