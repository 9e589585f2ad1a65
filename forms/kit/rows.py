"""Orders on repeated rows, without JavaScript: add, duplicate, move, remove, several at once.

An order is the value of a button, as ``monter:actions-0-creneaux-1``: the action and the path of the row. All but
«ajouter» transform the posted page, which is then saved as usual. Ranks are those of the page, local ids are those
of the content: a moved row keeps its id, a duplicate gets a new one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from backoffice.models.content import Contenu, pattern_of

from .builder import StepForm, keyed, row_kind
from .questions import Rows, Step
from .saving import Saved, all_rows

Posted = MultiDict[str, str]
SEVERAL = "plusieurs"
"""Part of the names of the fields that create several rows at once."""


@dataclass
class Target:
    """A row of a posted page. rows: path of its list. ranks: those of all its rows. stored: the list in the content, or
    None.
    """

    group: Rows
    rows: str
    rank: int
    ranks: list[int]
    stored: list[Any] | None
    id: str

    @property
    def kept(self) -> int | None:
        """Rank of the row in the content; None while it is only on the page."""
        if self.stored is None:
            return None
        if not keyed(row_kind(self.group.pattern)):
            return self.rank if self.rank < len(self.stored) else None
        return next((rank for rank, row in enumerate(self.stored) if row.id == self.id), None)


def obey(step: Step, content: Contenu, posted: Posted, order: str) -> tuple[Posted, str]:
    """(page after the order, path where the person goes on); the page is unchanged by an invalid order."""
    what, _, path = order.partition(":")
    target = _target(step, content, posted, path) if what in ORDERS else None
    return ORDERS[what](content, posted, target) if target else (posted, "")


def _target(step: Step, content: Contenu, posted: Posted, path: str) -> Target | None:
    rows, _, rank = path.rpartition("-")
    group = growing(step, rows)
    ranks = ranks_of(posted, rows)
    if group is None or not re.fullmatch(r"[0-9]{1,3}", rank) or int(rank) not in ranks:
        return None
    return Target(group, rows, int(rank), ranks, _stored(content, posted, rows), posted.get(f"{path}-id", ""))


def growing(step: Step, path: str) -> Rows | None:
    """Declaration of the list at a path of this step; None when the list is unknown or its rows are fixed."""
    pattern = pattern_of(path) + "[]"
    return next((rows for rows in all_rows(step.items()) if rows.pattern == pattern and not rows.fixed), None)


def ranks_of(posted: Posted, rows: str) -> list[int]:
    """Ranks of the rows of a list on the page, sorted."""
    begins = re.compile(rf"{re.escape(rows)}-([0-9]{{1,3}})-")
    return sorted({int(found[1]) for name in posted if (found := begins.match(name))})


def _stored(content: Contenu, posted: Posted, path: str) -> list[Any] | None:
    """The list of the content at a path of the page, or None. Rows with a local id are found by it."""
    target: Any = content
    here = ""
    for part in path.split("-"):
        if part.isdecimal():
            kind = row_kind(pattern_of(here) + "[]")
            wanted = posted.get(f"{here}-{part}-id", "") if keyed(kind) else part
            target = next((row for rank, row in enumerate(target) if getattr(row, "id", str(rank)) == wanted), None)
            if target is None:
                return None
        else:
            target = getattr(target, part)
        here = f"{here}-{part}" if here else part
    return target if isinstance(target, list) else None


def remove_row(_content: Contenu, posted: Posted, at: Target) -> tuple[Posted, str]:
    """Removes the row; those after it move up."""
    left = _rebuilt(posted, at.rows, lambda rank: [] if rank == at.rank else [rank - (rank > at.rank)])
    if at.rank != at.ranks[-1]:
        return left, f"{at.rows}-{at.rank}"
    before = at.ranks[-2:-1]
    return left, f"{at.rows}-{before[0]}" if before else at.rows


def move_row(way: int) -> Callable[[Contenu, Posted, Target], tuple[Posted, str]]:
    """Exchanges the row with its neighbour. way: -1 up, 1 down."""

    def move(_content: Contenu, posted: Posted, at: Target) -> tuple[Posted, str]:
        place = at.ranks.index(at.rank) + way
        if not 0 <= place < len(at.ranks):
            return posted, f"{at.rows}-{at.rank}"
        other = at.ranks[place]
        swap = {at.rank: other, other: at.rank}
        _swap_hidden(at, other)
        return _rebuilt(posted, at.rows, lambda rank: [swap.get(rank, rank)]), f"{at.rows}-{other}"

    return move


def _swap_hidden(at: Target, other: int) -> None:
    """Exchanges rows without id in the content too: values that the page does not show are found by rank."""
    if at.stored is not None and not keyed(row_kind(at.group.pattern)) and max(at.rank, other) < len(at.stored):
        at.stored[at.rank], at.stored[other] = at.stored[other], at.stored[at.rank]


def copy_row(content: Contenu, posted: Posted, at: Target) -> tuple[Posted, str]:
    """Adds a duplicate just after the row, with the answers of other steps about it."""
    if len(at.ranks) >= at.group.most:
        return posted, f"{at.rows}-{at.rank}"
    new_id = ""
    if at.stored is not None and at.kept is not None:
        twin = renumbered(content, deepcopy(at.stored[at.kept]))
        at.stored.insert(at.kept + 1, twin)
        new_id = getattr(twin, "id", "")
    twice = _rebuilt(posted, at.rows, lambda rank: [rank, rank + 1] if rank == at.rank else [rank + (rank > at.rank)])
    here = f"{at.rows}-{at.rank + 1}"
    for name in [name for name in twice if name.startswith(f"{here}-") and name.endswith("-id")]:
        twice[name] = new_id if name == f"{here}-id" else ""
    return twice, here


def _rebuilt(posted: Posted, rows: str, places: Callable[[int], list[int]]) -> Posted:
    """The page with the rows of a list renumbered. places: new ranks of a row: none, one or several."""
    pattern = re.compile(rf"{re.escape(rows)}-([0-9]{{1,3}})-(.*)", re.DOTALL)
    made: Posted = MultiDict()
    for name, text in posted.items(multi=True):
        if found := pattern.fullmatch(name):
            for rank in places(int(found[1])):
                made.add(f"{rows}-{rank}-{found[2]}", text)
        else:
            made.add(name, text)
    return made


def renumbered(content: Contenu, row: Any) -> Any:
    """The row itself, with new local ids at every level."""
    if keyed(type(row)):
        row.id = content.new_id(type(row))
    for item in fields(row):
        value = getattr(row, item.name)
        for part in value if isinstance(value, list) else [value]:
            if is_dataclass(part):
                renumbered(content, part)
    return row


ORDERS: dict[str, Callable[[Contenu, Posted, Target], tuple[Posted, str]]] = {
    "retirer": remove_row,
    "copier": copy_row,
    "monter": move_row(-1),
    "descendre": move_row(1),
}


# --- Several rows typed at once ---------------------------------------------------------------------


def spread(step: Step, posted: Posted) -> Posted:
    """The page where «mardi and jeudi, from 9:30 to 11:30» is expanded into one row per day.

    Done for every button, so that nothing typed there is lost. Empty rows are filled first.
    """
    made = MultiDict([(name, text) for name, text in posted.items(multi=True) if f"-{SEVERAL}-" not in name])
    for path in dict.fromkeys(name.partition(f"-{SEVERAL}-")[0] for name in posted if f"-{SEVERAL}-" in name):
        group = growing(step, path)
        if group is not None and group.several:
            _spread(group, path, posted, made)
    return made


def _spread(group: Rows, path: str, posted: Posted, made: Posted) -> None:
    begins = f"{path}-{SEVERAL}-"
    shared = {name.removeprefix(begins): text for name, text in posted.items() if name.startswith(begins)}
    shared.pop(group.several, None)
    ticked = posted.getlist(begins + group.several)
    if not ticked and not any(text.strip() for text in shared.values()):
        return
    used = ranks_of(made, path)
    blank = [rank for rank in used if not any(t.strip() for n, t in made.items() if n.startswith(f"{path}-{rank}-"))]
    after = max(used, default=-1) + 1
    free = [*blank, *range(after, after + group.most - len(used))]
    for value, rank in zip(dict.fromkeys(ticked or [""]), free, strict=False):
        for name, text in {group.several: value, **shared}.items():
            made[f"{path}-{rank}-{name}"] = text


# --- One more row -----------------------------------------------------------------------------------


def add_row(saved: Saved, step: Step, path: str) -> str:
    """Adds an empty row to the list at `path`; returns the path of the row, or "" when none can be added.

    The row comes after all those that the page showed, empty ones included, so that the page shows one more.
    When the page is kept as pending text, the row is added to that text too.
    """
    rows = growing(step, path)
    try:
        target = _list_at(saved.content, path)
    except (AttributeError, IndexError, KeyError, TypeError):
        return ""
    if rows is None or len(target) >= rows.most:
        return ""
    kind = row_kind(rows.pattern)
    wanted = 1 if step.slug in saved.pending else min(_shown(saved.form, path) + 1, rows.most) - len(target)
    for _ in range(max(wanted, 1)):
        row = kind()
        if keyed(kind):
            row.id = saved.content.new_id(kind)
        target.append(row)
    if step.slug not in saved.pending:
        return f"{path}-{len(target) - 1}"
    pairs = saved.pending[step.slug]
    ranks = [int(found[1]) for name, _ in pairs if (found := re.match(rf"{re.escape(path)}-(\d+)-", name))]
    rank = max(ranks, default=-1) + 1
    name = "id" if keyed(kind) else rows.questions[0].pattern.rpartition(".")[2]
    pairs.append([f"{path}-{rank}-{name}", target[-1].id if keyed(kind) else ""])
    return f"{path}-{rank}"


def _list_at(content: Contenu, path: str) -> Any:
    """The list at a path. An offered empty row on the way is created."""
    target: Any = content
    here = ""
    for part in path.split("-"):
        if not part.isdecimal():
            target = getattr(target, part)
        else:
            kind = row_kind(pattern_of(here) + "[]")
            if int(part) == len(target) and keyed(kind):
                target.append(kind(content.new_id(kind)))
            target = target[int(part)]
        here = f"{here}-{part}" if here else part
    return target


def _shown(form: StepForm, path: str) -> int:
    """Number of rows of this list on the page."""
    return len({found[1] for field in form.fields() if (found := re.match(rf"{re.escape(path)}-(\d+)-", field.id))})
