"""What is done to every text before anything else looks at it."""

from __future__ import annotations

import re
import textwrap
import unicodedata

# Characters that XML 1.0 forbids. They are invisible: removing them loses nothing that was typed.
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LINE_BREAKS = re.compile("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")


def clean(text: str, *, multiline: bool = False) -> str:
    """Composed (NFC), without forbidden characters nor blanks at either end; one line unless asked."""
    text = unicodedata.normalize("NFC", _FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", text)))
    return text.strip() if multiline else " ".join(text.split("\n")).strip()


def fold(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters, cut between words where that is possible."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip():
            lines += textwrap.wrap(line, width, break_on_hyphens=False) or [line]
    return lines
