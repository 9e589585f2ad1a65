"""The sentences that the export writes beside what was typed, taken off again: the same ones, of exports.fragment.words."""

from __future__ import annotations

import re
from dataclasses import replace

from backoffice.models.content import Action, Contenu, put
from exports.fragment import words
from exports.fragment.words import Sentence, Text

_TYPED = "\ue000"  # a private character: nobody types it


def rhythm(text: str, action: Action) -> str:
    """What was typed in a rythme-formation; the slots and the name of the group are already known."""
    if text == words.rhythm(replace(action, rythme="")):
        return ""
    found = _typed(text, words.rhythm(replace(action, rythme=_TYPED)))
    return text if found is None else found


def typed(text: str, written: Text, content: Contenu, action: Action | None = None) -> str:
    """What was typed in a text of the flow. The answers that its sentences carry are put into the content.

    What other elements carry (the levels) is already in the content.
    """
    pattern, carried = "(.*?)", []
    for sentence in written.sentences:
        if isinstance(sentence, Sentence):
            before, answer, after = map(re.escape, sentence.text.partition("{}"))
            said = f"{before}([^\n]*){after}" if answer else f"({before})"
            pattern += f"(?:\n{said})?"
            carried.append((sentence.pattern, bool(answer)))
        elif known := sentence(content, action):
            pattern += re.escape(f"\n{known}")
    found = re.fullmatch(pattern, text, re.DOTALL)
    if found is None:
        return text
    for (spot, answered), told in zip(carried, found.groups()[1:], strict=True):
        if told is not None:
            put(content, action, spot, told if answered else True)
    return "" if found[1] == written.usual else found[1]


def _typed(text: str, said: str) -> str | None:
    """What stands in `text` where `said` has its mark; None when they do not agree."""
    found = re.fullmatch(re.escape(said).replace(_TYPED, "(.*)"), text, re.DOTALL)
    return found[1] if found else None
