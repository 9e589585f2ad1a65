"""Merges a reading into a stored content, so that a second import updates it.

A value absent from the file changes nothing. The file's groups, sessions, places and funders replace the stored ones;
each is matched with its stored equivalent and keeps its local id.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from backoffice.core.text import search_key
from backoffice.models.content import (
    Action,
    Adresse,
    Contact,
    Contenu,
    Financeur,
    Lieu,
    Session,
    dump,
    label_of,
    load,
    pattern_of,
    spots,
)
from exports.fragment.build import Identity, formation

from .reading import Read, leaf_values

Same = Callable[[Any, Any], bool]
_SETTLED_HERE = frozenset({"id", "lieu", "dernier_repere"})


def merge(stored: Contenu, read: Read) -> Contenu:
    """Returns a new content: `stored` updated with the values of the reading."""
    return _Merge(load(dump(stored)), load(dump(read.content)), read).run()


def changes(before: Contenu, after: Contenu) -> list[str]:
    """The French labels of the fields that differ, in the order of the content."""
    old, new = dict(leaf_values(before)), dict(leaf_values(after))
    paths = [path for path in {**new, **old} if old.get(path) != new.get(path)]
    shown = [path for path in paths if not spots()[pattern_of(path)].hidden]
    return list(dict.fromkeys(label_of(path) for path in shown))


def same_flow(before: Contenu, after: Contenu, identity: Identity) -> bool:
    """Whether both contents are equal, or give the same XML in a flow."""
    if dump(before) == dump(after):
        return True
    one, two = (formation(content, identity) for content in (before, after))
    return [(node.tag, node.text, dict(node.attrib)) for node in one.iter()] == [
        (node.tag, node.text, dict(node.attrib)) for node in two.iter()
    ]


class _Merge:
    def __init__(self, made: Contenu, new: Contenu, read: Read):
        self.made, self.new, self.read = made, new, read

    def run(self) -> Contenu:
        made, new = self.made, self.new
        self.values(made, new, "")
        if new.lieux:
            self.places()
        if new.actions:
            self.groups()
            used = {action.lieu for action in made.actions}
            if new.lieux and len(made.lieux) > 1:
                made.lieux = [lieu for lieu in made.lieux if lieu.id in used] or made.lieux
        if new.financement.financeurs:
            pairs = _pair(made.financement.financeurs, new.financement.financeurs, [_same_financer])
            rows = [self.row(old or Financeur(), row, "financement-financeurs", rank) for rank, row, old in pairs]
            made.financement.financeurs = rows
        return made

    def values(self, target: Any, source: Any, path: str) -> None:
        """Copies the values present in the reading, recursively; lists of rows are merged elsewhere."""
        if isinstance(source, Adresse):
            _address(target, source)
            return
        if isinstance(source, Contact) and source.nom and source.nom != target.nom:
            for item in fields(target):
                setattr(target, item.name, "")
        for item in fields(source):
            here = f"{path}-{item.name}" if path else item.name
            value = getattr(source, item.name)
            if dataclasses.is_dataclass(value):
                self.values(getattr(target, item.name), value, here)
            elif item.name in _SETTLED_HERE or (isinstance(value, list) and _is_rows(here)):
                continue
            elif here not in self.read.unsaid and value not in ("", None, []):
                setattr(target, item.name, value)

    def row(self, target: Any, source: Any, path: str, rank: int) -> Any:
        self.values(target, source, f"{path}-{rank}")
        return target

    def places(self) -> None:
        made, new = self.made, self.new
        alone = len(made.lieux) == len(new.lieux) == 1
        pairs = _pair(made.lieux, new.lieux, [_same_place, *([_any] if alone else [])])
        names: dict[str, str] = {}
        kept = []
        for rank, row, old in pairs:
            lieu = old or Lieu(id=made.new_id(Lieu))
            names[row.id] = lieu.id
            kept.append(self.row(lieu, row, "lieux", rank))
        made.lieux = kept + [lieu for lieu in made.lieux if lieu not in kept]
        for action in self.new.actions:
            action.lieu = names.get(action.lieu, "")

    def groups(self) -> None:
        made, new = self.made, self.new
        tests: list[Same] = [_same_id] if self.read.ours else []
        rows = []
        for rank, row, old in _pair(made.actions, new.actions, [*tests, _same_name, _unnamed]):
            action = old or Action(id=made.new_id(Action))
            self.row(action, row, "actions", rank)
            if self.new.lieux:
                action.lieu = row.lieu or action.lieu
            if row.creneaux:
                action.creneaux = row.creneaux
            if row.sessions:
                self.sessions(action, row, f"actions-{rank}-sessions", tests)
            rows.append(action)
        made.actions = rows

    def sessions(self, action: Action, row: Action, path: str, tests: list[Same]) -> None:
        alone: list[Same] = [_any] if len(action.sessions) == len(row.sessions) == 1 else []
        sessions = []
        for rank, new, old in _pair(action.sessions, row.sessions, [*tests, _same_start, *alone]):
            session = old or Session(id=self.made.new_id(Session))
            sessions.append(self.row(session, new, path, rank))
        action.sessions = sessions


def _pair(stored: Sequence[Any], rows: Sequence[Any], tests: Sequence[Same]) -> list[tuple[int, Any, Any]]:
    """(rank, row, matching stored row or None), matched by the first test that succeeds."""
    left, found = list(stored), {}
    for test in tests:
        for rank, row in enumerate(rows):
            if rank not in found and (match := next((old for old in left if test(old, row)), None)) is not None:
                found[rank] = match
                left = [old for old in left if old is not match]
    return [(rank, row, found.get(rank)) for rank, row in enumerate(rows)]


def _is_rows(path: str) -> bool:
    return f"{pattern_of(path)}[]" in spots()


def _address(target: Adresse, source: Adresse) -> None:
    """Replaces an address as a whole; the codes already found stay when it is the same address."""
    if not (source.lignes or source.code_postal or source.ville):
        target.denomination = source.denomination or target.denomination
        return
    if place_key(source) == place_key(target):
        target.denomination = source.denomination or target.denomination
        return
    for item in fields(target):
        setattr(target, item.name, getattr(source, item.name))


def place_key(adresse: Adresse) -> str:
    return search_key(" ".join([*adresse.lignes, adresse.code_postal, adresse.ville]))


def _same_place(old: Lieu, new: Lieu) -> bool:
    return place_key(old.adresse) == place_key(new.adresse)


def _same_id(old: Any, new: Any) -> bool:
    return bool(old.id == new.id)


def _same_name(old: Action, new: Action) -> bool:
    return bool(new.nom) and search_key(old.nom) == search_key(new.nom)


def _unnamed(old: Action, new: Action) -> bool:
    return not (old.nom and new.nom)


def _same_start(old: Session, new: Session) -> bool:
    return new.debut is not None and old.debut == new.debut


def _same_financer(old: Financeur, new: Financeur) -> bool:
    return old.code == new.code


def _any(old: Any, new: Any) -> bool:
    return True
