"""Differences between two contents of a fiche: every leaf that differs, and no other.

Places, groups and sessions are matched by local id. Those that were removed and typed again are matched by
similarity: same dates, place or slots. `forms.fiches.content_diff_words` puts the differences in words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from backoffice.core.text import search_key
from backoffice.models.content import Action, Contenu, Lieu, Session
from exports.importing.merge import place_key
from forms.kit.builder import keyed

Judge = Callable[[Any, Any], int]
"""Similarity of two rows, in points."""


class Kind(StrEnum):
    """What happened to a value or to a row."""

    MODIFIEE = "modifiee"
    NOUVELLE = "nouvelle"
    RETIREE = "retiree"
    DEPLACEE = "deplacee"
    RESSAISIE = "ressaisie"
    ORDRE = "ordre"


@dataclass(frozen=True)
class Leaf:
    """One value on both sides. before, after: its path in each content, "" where its row is absent."""

    before: str
    after: str
    old: Any
    new: Any

    @property
    def path(self) -> str:
        return self.after or self.before

    @property
    def name(self) -> str:
        return self.path.rpartition("-")[2]


@dataclass(frozen=True)
class Change:
    """Leaves that changed together. before, after: path of the spot or of the row in each content."""

    kind: Kind
    before: str
    after: str
    leaves: tuple[Leaf, ...]


@dataclass
class Comparison:
    """origins: {path of a row in the newer content: its path in the older}, for each row present in both."""

    changes: list[Change] = field(default_factory=list)
    origins: dict[str, str] = field(default_factory=dict)


def compare(old: Contenu, new: Contenu) -> Comparison:
    return _Comparer(old, new).run()


class _Comparer:
    def __init__(self, old: Contenu, new: Contenu):
        self.old, self.new = old, new
        self.found = Comparison()
        self.same_place: dict[str, str] = {}
        """{local id of a place in the newer content: its id in the older}."""

    def run(self) -> Comparison:
        self.found.changes += self._part(self.old, self.new, "", "")
        return self.found

    def _part(self, old: Any, new: Any, before: str, after: str) -> Iterator[Change]:
        for item in dataclasses.fields(old):
            here, there = (f"{path}-{item.name}" if path else item.name for path in (before, after))
            left, right = getattr(old, item.name), getattr(new, item.name)
            if dataclasses.is_dataclass(left):
                yield from self._part(left, right, here, there)
            elif isinstance(left, list) and any(map(dataclasses.is_dataclass, (*left, *right))):
                yield from self._rows(left, right, here, there)
            elif left != right:
                yield Change(Kind.MODIFIEE, here, there, (Leaf(here, there, left, right),))

    def _rows(self, old: list[Any], new: list[Any], before: str, after: str) -> Iterator[Change]:
        pairs = self._pairs(old, new)
        for rank, row in enumerate(new):
            there = f"{after}-{rank}"
            if rank not in pairs:
                leaves = tuple(Leaf("", path, None, value) for path, value in _filled(row, there))
                yield Change(Kind.NOUVELLE, "", there, leaves)
                continue
            here = f"{before}-{pairs[rank]}"
            self.found.origins[there] = here
            yield from _gathered(row, list(self._part(old[pairs[rank]], row, here, there)), here, there)
        for rank, row in enumerate(old):
            if rank not in pairs.values():
                here = f"{before}-{rank}"
                leaves = tuple(Leaf(path, "", value, None) for path, value in _filled(row, here))
                yield Change(Kind.RETIREE, here, "", leaves)
        order = [pairs[rank] for rank in sorted(pairs)]
        if order != sorted(order):
            yield Change(Kind.ORDRE, before, after, (Leaf(before, after, sorted(order), order),))

    def _pairs(self, old: Sequence[Any], new: Sequence[Any]) -> dict[int, int]:
        """{rank in the newer list: rank in the older}: rows with the same id, else the most similar ones."""
        kind = type((*old, *new)[0])
        if not keyed(kind):
            return _match(old, new, {}, _alike_rows, 0)
        ids = {row.id: rank for rank, row in enumerate(old)}
        pairs = {rank: ids[row.id] for rank, row in enumerate(new) if row.id in ids}
        if len(set(pairs.values())) < len(pairs) or len(ids) < len(old):
            pairs = {}  # an id that is twice in a list cannot be trusted
        judges: dict[type, tuple[Judge, int]] = {
            Lieu: (_alike_places, 1),
            Action: (self._alike_groups, 4),
            Session: (_alike_dates, 1),
        }
        pairs = _match(old, new, pairs, *judges[kind])
        if kind is Lieu:
            self.same_place = {new[rank].id: old[was].id for rank, was in pairs.items()}
        return pairs

    def _alike_groups(self, old: Action, new: Action) -> int:
        """Two points each for the same name, the same place and the same slots; one for the same dates."""
        names = search_key(old.nom), search_key(new.nom)
        places = self.old.place_of(old), self.new.place_of(new)
        together = places[0] and places[1] and self.same_place.get(places[1].id) == places[0].id
        dates = [[(row.debut, row.fin) for row in action.sessions] for action in (old, new)]
        return (
            2 * (bool(names[0]) and names[0] == names[1])
            + 2 * bool(together)
            + 2 * (bool(old.creneaux) and old.creneaux == new.creneaux)
            + (bool(dates[0]) and dates[0] == dates[1])
        )


def _match(old: Sequence[Any], new: Sequence[Any], pairs: dict[int, int], judge: Judge, least: int) -> dict[int, int]:
    """Adds the remaining rows to `pairs`: best score first, then nearest rank. A score below `least` is no match."""
    taken = set(pairs.values())
    scored = sorted(
        (-judge(old[was], row), abs(was - rank), rank, was)
        for rank, row in enumerate(new)
        if rank not in pairs
        for was in range(len(old))
        if was not in taken
    )
    pairs = dict(pairs)
    for score, _, rank, was in scored:
        if -score >= least and rank not in pairs and was not in taken:
            pairs[rank] = was
            taken.add(was)
    return pairs


def _alike_places(old: Lieu, new: Lieu) -> int:
    keys = place_key(old.adresse), place_key(new.adresse)
    return int(bool(keys[0]) and keys[0] == keys[1])


def _alike_dates(old: Session, new: Session) -> int:
    """Two points for both days; one for one of them, for more than half of the time in common, or for a year later."""
    if (old.debut, old.fin) == (new.debut, new.fin):
        return 2
    if not (old.debut and old.fin and new.debut and new.fin):
        return 0
    if old.debut == new.debut or old.fin == new.fin or _a_year_later(old, new):
        return 1
    shared = (min(old.fin, new.fin) - max(old.debut, new.debut)).days
    return int(2 * shared > (max(old.fin, new.fin) - min(old.debut, new.debut)).days)


def _a_year_later(old: Session, new: Session) -> bool:
    """A year later, give or take a month, as after a renewal: next year's session replaces this year's."""
    moves = [b - a for a, b in ((old.debut, new.debut), (old.fin, new.fin)) if a and b]
    return len(moves) == 2 and all(timedelta(335) <= move <= timedelta(395) for move in moves)


def _alike_rows(old: Any, new: Any) -> int:
    """Similarity of rows without id: 2 when equal, 1 for the same first field (weekday, funder), else 0."""
    first = dataclasses.fields(old)[0].name
    return 2 if old == new else int(getattr(old, first) == getattr(new, first))


def _filled(row: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(path, value) of the leaves of a row that differ from those of an empty row."""
    blank = type(row)()
    for item in dataclasses.fields(row):
        value, where = getattr(row, item.name), f"{path}-{item.name}"
        if dataclasses.is_dataclass(value):
            yield from _filled(value, where)
        elif isinstance(value, list) and any(map(dataclasses.is_dataclass, value)):
            for rank, inner in enumerate(value):
                yield from _filled(inner, f"{where}-{rank}")
        elif value != getattr(blank, item.name):
            yield where, value


def _gathered(row: Any, changes: list[Change], before: str, after: str) -> Iterator[Change]:
    """Changes of a row present on both sides; its new first and last days make one change."""
    apart = {f"{after}-id": Kind.RESSAISIE, f"{after}-lieu": Kind.DEPLACEE}
    dates = {f"{after}-debut", f"{after}-fin"} if isinstance(row, Session) else set()
    moved = tuple(leaf for change in changes if change.after in dates for leaf in change.leaves)
    if moved:
        yield Change(Kind.DEPLACEE, before, after, moved)
    for change in changes:
        if change.after not in dates:
            yield dataclasses.replace(change, kind=apart.get(change.after, change.kind))
