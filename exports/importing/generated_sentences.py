"""The sentences that the export writes beside what was typed, taken off again.

The same functions of exports.fragment.words make them: a marked content says where the typed part stands.
"""

from __future__ import annotations

import re
from dataclasses import replace

from backoffice.models.content import Action, Contenu
from exports.fragment import words

_TYPED, _EXAM = "\ue000", "\ue001"  # private characters: nobody types them


def rhythm(text: str, action: Action) -> str:
    """What was typed in a rythme-formation; the slots and the name of the group are already known."""
    if text == words.rhythm(replace(action, rythme="")):
        return ""
    found = _typed(text, words.rhythm(replace(action, rythme=_TYPED)))
    return text if found is None else found[0]


def conditions(text: str, content: Contenu, action: Action) -> str:
    """What was typed in conditions-specifiques; the levels of the content are already known."""
    marked = replace(content, formation=replace(content.formation, conditions=_TYPED))
    found = _typed(text, words.conditions(marked, action))
    typed = text if found is None else found[0]
    return "" if typed == words.NO_CONDITION else typed


def results(text: str, content: Contenu) -> tuple[str, str]:
    """(what was typed in resultats-attendus, the exam named beside it)."""
    said = content.formation
    for exam in (_EXAM, ""):
        marked = replace(content, formation=replace(said, resultats=_TYPED, certification=exam))
        found = _typed(text, words.results(marked))
        if found is not None:
            typed, named = found[0], found[1] if exam else ""
            return ("" if typed == words.NO_RESULT else typed), named
    return text, ""


def _typed(text: str, said: str) -> tuple[str, ...] | None:
    """What stands in `text` where `said` has its marks; None when they do not agree."""
    pattern = re.escape(said).replace(_TYPED, "(.*)").replace(_EXAM, "([^\n]*)")
    found = re.fullmatch(pattern, text, re.DOTALL)
    return found.groups() if found else None
