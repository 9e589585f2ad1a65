"""Differences between two contents in French words, for the person who reviews them: old, new, moved."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from backoffice.models.content import Contenu, pattern_of, spots
from forms.kit.questions import Path, Question
from forms.kit.step_diff import words

from .content_diff import Change, Kind, Leaf, compare
from .labels import at, label_of_row, label_within, name_of_row, period, row_title

KIND_WORDS = {
    Kind.MODIFIEE: "Modifié",
    Kind.NOUVELLE: "Nouveau",
    Kind.RETIREE: "Retiré",
    Kind.DEPLACEE: "Déplacé",
    Kind.RESSAISIE: "Retiré puis saisi de nouveau",
    Kind.ORDRE: "Autre ordre",
}

TOWN_CODES = frozenset({"code_insee", "departement", "region"})
"""Derived from the town: not shown when the town or its postal code changed too."""
POINT = frozenset({"latitude", "longitude"})
"""Cleared or replaced with the address: not shown when it changed too."""

SAME, GONE, CAME = "=", "-", "+"


@dataclass(frozen=True)
class Piece:
    """A run of words of a text: SAME on both sides, GONE from the older, or CAME with the newer."""

    sign: str
    text: str


@dataclass(frozen=True)
class Shown:
    """One line of the table of differences.

    section: part of the fiche. path: field or row in the newer content, "" when it was removed.
    old, new: in words, "" when empty. pieces: both in one text, word by word, for typed text.
    lines: (label, words) of each answer of an added or removed row.
    """

    kind: Kind
    section: str
    label: str
    path: str
    old: str = ""
    new: str = ""
    pieces: tuple[Piece, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()

    @property
    def kind_words(self) -> str:
        return KIND_WORDS[self.kind]


def changes(old: Contenu, new: Contenu, path: Path) -> list[Shown]:
    """All differences, in the order of the content."""
    return list(_Teller(old, new, path).tell())


class _Teller:
    def __init__(self, old: Contenu, new: Contenu, path: Path):
        self.old, self.new = old, new
        self.questions = {question.pattern: question for step in path.steps for question in step.questions()}
        self.found = compare(old, new)

    def tell(self) -> Iterator[Shown]:
        changed = {leaf.path for change in self.found.changes for leaf in change.leaves}
        for change in self.found.changes:
            if change.after == "dernier_repere" or self._follows_its_town(change, changed) or self._same_place(change):
                continue
            yield self._shown(change)

    def _shown(self, change: Change) -> Shown:
        content, where = (self.new, change.after) if change.after else (self.old, change.before)
        base = _base(where)
        section = row_title(content, base) if "-" in base else label_within(base)
        if change.kind in (Kind.NOUVELLE, Kind.RETIREE):
            lines = tuple(
                (label_within(leaf.path, where, self._question(leaf)), self._words(leaf, new=bool(change.after)))
                for leaf in change.leaves
                if not spots()[pattern_of(leaf.path)].hidden
            )
            return Shown(change.kind, section, row_title(content, where), change.after, lines=lines)
        if change.kind is Kind.RESSAISIE:
            row, (leaf,) = change.after.removesuffix("-id"), change.leaves
            return Shown(change.kind, section, row_title(self.new, row), row, f"n° {leaf.old}", f"n° {leaf.new}")
        if change.kind is Kind.DEPLACEE and change.leaves[0].name in ("debut", "fin"):
            old, new = period(at(self.old, change.before)), period(at(self.new, change.after))
            return Shown(change.kind, section, label_of_row(where), where, old, new)
        if change.kind is Kind.ORDRE:
            rows = at(self.old, change.before)
            old, new = (
                " · ".join(f"{rank + 1}. {name_of_row(rows[rank])}" for rank in ranks) for ranks in _ranks(change)
            )
            return Shown(change.kind, section, label_within(where, base) or section, where, old, new)
        return self._answer(change, section, base)

    def _answer(self, change: Change, section: str, base: str) -> Shown:
        (leaf,) = change.leaves
        old, new = self._words(leaf, new=False), self._words(leaf, new=True)
        question = self._question(leaf)
        chosen = question is not None and (question.choices or question.choices_from)
        typed = isinstance(leaf.old, str) and isinstance(leaf.new, str) and not chosen
        pieces = tuple(highlighted(old, new)) if typed and old and new else ()
        return Shown(change.kind, section, label_within(leaf.path, base, question), change.after, old, new, pieces)

    def _words(self, leaf: Leaf, *, new: bool) -> str:
        value, content = (leaf.new, self.new) if new else (leaf.old, self.old)
        if leaf.name == "lieu" and value:
            rank = next((rank for rank, lieu in enumerate(content.lieux) if lieu.id == value), None)
            return f"{content.lieux[rank].name} (lieu {rank + 1})" if rank is not None else str(value)
        return words(value, self._question(leaf))

    def _question(self, leaf: Leaf) -> Question | None:
        return self.questions.get(pattern_of(leaf.path))

    def _follows_its_town(self, change: Change, changed: set[str]) -> bool:
        inside, _, name = (change.after or change.before).rpartition("-")
        town = {f"{inside}-ville", f"{inside}-code_postal"}
        if name in POINT:
            return bool({*town, f"{inside}-lignes"} & changed)
        return name in TOWN_CODES and bool(town & changed)

    def _same_place(self, change: Change) -> bool:
        """Whether a group keeps its place and only the local id of the place is new; the place shows that change."""
        leaf = change.leaves[0]
        if leaf.name != "lieu" or change.kind is not Kind.DEPLACEE:
            return False
        ranks = [[lieu.id for lieu in content.lieux] for content in (self.new, self.old)]
        if leaf.new not in ranks[0] or leaf.old not in ranks[1]:
            return False
        origin = self.found.origins.get(f"lieux-{ranks[0].index(leaf.new)}")
        return origin == f"lieux-{ranks[1].index(leaf.old)}"


def highlighted(old: str, new: str) -> Iterator[Piece]:
    """Word-by-word diff of two texts, as one sequence."""
    left, right = (re.findall(r"\w+|\s+|[^\w\s]", text) for text in (old, new))
    for sign, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if sign == "equal":
            yield Piece(SAME, "".join(left[a:b]))
            continue
        if b > a:
            yield Piece(GONE, "".join(left[a:b]))
        if d > c:
            yield Piece(CAME, "".join(right[c:d]))


def _ranks(change: Change) -> tuple[list[int], list[int]]:
    return change.leaves[0].old, change.leaves[0].new


def _base(path: str) -> str:
    """Part of the fiche that contains a path: «formation», «actions-0»."""
    parts = path.split("-")
    return "-".join(parts[: 2 if len(parts) > 1 and parts[1].isdecimal() else 1])
