"""Removes the sentences that the export adds to typed texts (exports.fragment.words)."""

from __future__ import annotations

import re
from dataclasses import replace

from backoffice.models.content import Action, Contenu, put
from exports.fragment import words
from exports.fragment.words import Sentence, Text

_TYPED = "\ue000"  # private use character, absent from typed texts


def rhythm(text: str, action: Action) -> str:
    """The typed part of a rythme-formation. action: its slots and name must be read already."""
    if text == words.rhythm(replace(action, rythme="")):
        return ""
    pattern = re.escape(words.rhythm(replace(action, rythme=_TYPED))).replace(_TYPED, "(.*)")
    found = re.fullmatch(pattern, text, re.DOTALL)
    return found[1] if found else text


def typed(text: str, written: Text, content: Contenu, action: Action | None = None) -> str:
    """The typed part of a text of the flow. Answers found in its generated sentences are written to the content.

    Values that come from other elements (the levels) must be in the content already.
    """
    pattern, carried = "(.*?)", []
    for sentence in written.sentences:
        if isinstance(sentence, Sentence):
            before, answer, after = map(re.escape, sentence.text.partition("{}"))
            said = f"{before}([^\n]*){after}" if answer else f"({before})"
            pattern += f"(?:\n{said})?"
            carried.append((sentence.pattern, bool(answer)))
        else:  # each of its lines is left out when there was no room
            lines = filter(None, sentence(content, action).split("\n"))
            pattern += "".join(rf"(?:(?:\n|\A){re.escape(line)})?" for line in lines)
    found = re.fullmatch(pattern, text, re.DOTALL)
    if found is None:
        return text
    for (spot, answered), told in zip(carried, found.groups()[1:], strict=True):
        if told is not None:
            put(content, action, spot, told if answered else True)
    return "" if found[1] == written.usual else found[1]
