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


_ELISIONS = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)[’'ʼ`´](?=\w)", re.IGNORECASE)
_COUNTRY = re.compile(r"(?:\+|(?<!\d)00)\s?(?:33|262|590|594|596)[\s.]*(?:\(0\))?[\s.]*(?=\d)")
"""Country code of a telephone number; without it, the number begins with 0."""
_CUT_NUMBER = re.compile(r"(?<!\S)\d+(?: \d+)+(?!\S)")
GLUED = 40
"""Longest value that is also stored without its spaces: a numero, a reference, a SIRET, a short name."""
NUMBER = 9
"""Groups of five digits or fewer that make this many are a SIREN, a SIRET or a telephone: they mean nothing alone."""


def search_words(*values: str) -> str:
    """The folded text of a row, in which `search_terms` looks: " word word word ".

    A value with digits is stored in any spacing: as it is written, with its groups of digits joined and, when it is
    short, without any space.
    """
    found: list[str] = []
    for value in values:
        key = search_key(_COUNTRY.sub("0", value))
        found.append(key)
        if any(letter.isdigit() for letter in key) and " " in key:
            found.append(_CUT_NUMBER.sub(lambda cut: cut[0].replace(" ", ""), key))
            if len(key) <= GLUED:
                found.append(key.replace(" ", ""))
    return f" {' '.join(dict.fromkeys(one for one in found if one))} "


def search_terms(text: str) -> list[list[list[str]]]:
    """What a text asks of `search_words`: each term, by one of its alternatives, which are lists of LIKE patterns.

    Words may come in any order; an article before an apostrophe is ignored. A word of three letters or more is found
    anywhere, one of two at the beginning of a word, a single letter only alone: so every pattern has three
    characters, which an index of trigrams needs. A number cut by spaces is one term, and a short text with digits is
    also found without its spaces. Empty when nothing is asked.
    """
    key = search_key(_ELISIONS.sub("", _COUNTRY.sub("0", text)))
    terms: list[list[list[str]]] = []
    place = 0
    for cut in _CUT_NUMBER.finditer(key):
        terms += [[[_pattern(word)]] for word in key[place : cut.start()].split()]
        number, place = cut[0].replace(" ", ""), cut.end()
        whole = [_pattern(number)]
        groups = cut[0].split()
        one = len(number) >= NUMBER and max(map(len, groups)) <= 5
        terms.append([whole] if one else [whole, [_pattern(word) for word in groups]])
    terms += [[[_pattern(word)]] for word in key[place:].split()]
    terms = [term for rank, term in enumerate(terms) if term not in terms[:rank]]
    glued = key.replace(" ", "")
    if len(terms) > 1 and len(key) <= GLUED and any(letter.isdigit() for letter in glued):
        return [[*term, [_pattern(glued)]] for term in terms]
    return terms


def _pattern(word: str) -> str:
    """LIKE pattern of a folded word: letters and digits only, so nothing to escape."""
    return f"%{word}%" if len(word) > 2 else f"% {word}%" if len(word) == 2 else f"% {word} %"


def many(number: int, words: str) -> str:
    """«0 faute», «1 faute», «2 autres fautes»: from two, each word takes an s."""
    return f"{number} {' '.join(f'{word}s' if number > 1 else word for word in words.split())}"
