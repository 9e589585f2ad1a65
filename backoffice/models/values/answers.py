"""Short answers as people write them: counts with their unit, yes or no, one or several of a closed list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from backoffice.core.text import search_key, spaced

from .cells import Cell, folded, said
from .faults import Fault, quoted

YES = frozenset({"oui", "o", "yes", "vrai", "true", "1", "x"})
NO = frozenset({"non", "n", "no", "faux", "false", "0"})


class Unit(StrEnum):
    """What a number counts. Its words may follow the number; those of another unit are refused."""

    NONE = ""
    HEURES = r"h|hrs?|heures?"
    SEMAINES = r"sem|semaines?"
    EUROS = r"€|eur|euros?"
    PERSONNES = r"p|pers|personnes?|places?|stagiaires?|apprenante?s?|participante?s?|inscrite?s?|parents?|adultes?"


_QUALIFIED = (
    r"(?: (?:libres?|disponibles?|restantes?|financees?|maxi?|maximum|mini?|minimum|"
    r"au (?:plus|moins|total|maximum|minimum)|en tout))?"
)


def count(cell: Cell, unit: Unit = Unit.NONE, low: int = 0, high: int = 99_999) -> int:
    """A whole number: «12», «12 pers.», «60h», «30 semaines», «1 200», 12.0. Raises Fault."""
    text = said(cell)
    words = re.sub(r"(?<=\d) (?=\d{3}\b)", "", folded(cell))
    minutes = "(?: ?00)?" if unit == Unit.HEURES else ""
    found = re.fullmatch(rf"([0-9]{{1,9}})(?:[.,]0{{1,2}})?(?: ?(?:{unit}){minutes})?{_QUALIFIED}\.?", words)
    if not found:
        raise Fault(f"{quoted(text, 40)} n’est pas un nombre entier. Écrivez-le en chiffres, comme 12.")
    if not low <= int(found[1]) <= high:
        raise Fault(f"Un nombre entre {spaced(low)} et {spaced(high)} est attendu.")
    return int(found[1])


def yes(cell: Cell) -> bool:
    """The answer to a yes or no question, in French or English. Raises Fault."""
    word = search_key(said(cell))
    if word not in YES | NO:
        raise Fault(f"{quoted(said(cell), 40)}  ne se comprend pas : répondez oui ou non.")
    return word in YES


# --- Closed lists -----------------------------------------------------------------------------------

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "Inscriptions ouvertes": (
        "ouvertes", "ouvert", "ouverte", "en cours", "inscriptions en cours", "places disponibles",
    ),
    "Complet ou inscriptions closes": (
        "complet", "complete", "closes", "clos", "close", "fermees", "ferme", "fermee", "cloturees", "terminees",
        "inscriptions closes", "inscriptions fermees", "inscriptions cloturees", "inscriptions terminees",
        "plus de place",
    ),
    "Inscriptions suspendues": ("suspendues", "suspendu", "suspendue", "en pause"),
}  # fmt: skip
"""{label of a choice: other words for it, folded}."""


def one_of(cell: Cell, table: Mapping[str, str]) -> str:
    """The code of one choice: its code, its label, or the beginning of one of them. Raises Fault."""
    codes = _codes(text := said(cell), table, several=False)
    if not codes:
        raise Fault(f"Réponse hors de la liste : {text[:80]}.")
    return codes[0]


def some_of(cell: Cell, table: Mapping[str, str]) -> list[str]:
    """The codes of several choices, separated by semicolons, line breaks, bars or commas.

    Raises Fault when one of them is unknown: a list understood in part would erase the rest.
    """
    kept: list[str] = []
    unknown: list[str] = []
    for piece in re.split(r"[;\n|]", said(cell, multiline=True)):
        if piece.strip():
            codes = _codes(piece, table, several=True)
            kept += [code for code in codes if code not in kept]
            unknown += [] if codes else [piece.strip()]
    if unknown:
        raise Fault(f"Réponse hors de la liste : {' ; '.join(unknown)[:200]}.")
    return kept


def _codes(piece: str, table: Mapping[str, str], *, several: bool) -> list[str]:
    word = search_key(piece)
    for code, words in table.items():
        if word in (search_key(code), search_key(words), *SYNONYMS.get(words, ())):
            return [code]
    if not several:
        return _begun(word, table)
    inside = [code for code, words in table.items() if f" {search_key(words)} " in f" {word} "]
    return inside or [code for part in piece.split(",") if part != piece for code in _codes(part, table, several=True)]


def _begun(word: str, table: Mapping[str, str]) -> list[str]:
    """The one choice that the answer begins with, or that begins with the answer.

    People often shorten «A1 – se présente…» to «A1», or add words after «Gratuit».
    """
    keys = {key: code for code, words in table.items() for key in (search_key(code), search_key(words)) if key}
    if longer := [key for key in keys if f"{word} ".startswith(f"{key} ")]:
        return [keys[max(longer, key=len)]]
    shortened = {code for key, code in keys.items() if word and f"{key} ".startswith(f"{word} ")}
    return [*shortened] if len(shortened) == 1 else []
