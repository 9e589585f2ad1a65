"""Cleaning and wrapping of texts."""

from __future__ import annotations

import re
import textwrap
import unicodedata

from .dates import NBSP

# Characters forbidden by XML 1.0. They are invisible: removing them loses nothing that was typed.
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LINE_BREAKS = re.compile("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")
# Invisible characters left by word processors: soft hyphens, zero-width spaces, byte order marks.
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]")
# Bullets of word processors, those of symbol fonts included: at the start of a line, before a blank.
_BULLETS = re.compile("^[^\\S\n]*[•‣◦▪■●○♦➢✓\u00b7\uf02d\uf076\uf0a7\uf0b7\uf0d8\uf0fc](?:[^\\S\n]+|$)", re.M)
# A no-break space is kept where French typography requires one; elsewhere it only prevents line wrapping.
_HARD_SPACE = re.compile("(?<![«\u2039\\d])[\u00a0\u202f](?![»\u203a:;!?%€\\d]|h\\b)")

# Of search_key.
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}


def clean(text: str, *, multiline: bool = False) -> str:
    """The text in Unicode NFC, stripped, without forbidden characters; on one line unless `multiline`.

    Text pasted from a word processor: bullets become dashes, tabs become spaces, invisible characters are removed.
    Quotes, apostrophes and dashes are kept.
    """
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", _FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", text))))
    text = _HARD_SPACE.sub(" ", _BULLETS.sub("- ", text).replace("\t", " "))
    return text.strip() if multiline else " ".join(text.split("\n")).strip()


def spaced(number: int) -> str:
    """«3 000»: thousands separated as in French."""
    return f"{number:,}".replace(",", NBSP)


def fold(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters, cut between words where that is possible."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip():
            lines += textwrap.wrap(line, width, break_on_hyphens=False) or [line]
    return lines


def search_key(text: str) -> str:
    """Normalised form of a name, for stored names and searched text alike.

    Accents and ligatures are folded, letters lowered, each run of other characters becomes one space, and the words
    « st », « ste », « sts », « stes » are expanded. Idempotent. Only whole words are expanded: « st », typed
    on the way to « Strasbourg », gives « saint » until the next letter.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_LIGATURES)
    bare = (letter for letter in folded if not unicodedata.combining(letter))
    words = "".join(letter if letter.isalnum() else " " for letter in bare).split()
    return " ".join(_ABBREVIATIONS.get(word, word) for word in words)
