"""Merges a reading into a stored content, so that a second import updates it.

A value absent from the file changes nothing, nor does one that was not wholly understood. The file's groups, sessions,
places and funders replace the stored ones; each is matched with its stored equivalent and keeps its local id.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from backoffice.core.text import search_key
from backoffice.models.content import (
    Action,
    Adresse,
    Contact,
    Contenu,
    Financeur,
    Lieu,
    Recrutement,
    Session,
    dump,
    label_of,
    load,
    pattern_of,
    spots,
)
from exports.fragment.build import Identity, formation
from exports.fragment.words import length

from .reading import Read, leaf_values

Same = Callable[[Any, Any], bool]
REPEATING = frozenset(
    {
        "formation.contenu",
        "formation.conditions",
        "formation.resultats",
        "formation.info_publics",
        "actions[].rythme",
    }
)
"""Texts that repeat other answers in our flow. When one of these was not understood, what was typed cannot be told
apart: a known fiche keeps its texts."""
_SETTLED_HERE = frozenset({"id", "lieu", "dernier_repere"})


@dataclass(frozen=True)
class Merged:
    """kept: paths, in the reading, of what was not wholly understood and leaves the stored content as it is."""

    content: Contenu
    kept: frozenset[str]


def merged(stored: Contenu, read: Read) -> Merged:
    """A new content: `stored` updated with the values of the reading."""
    return _Merge(load(dump(stored)), load(dump(read.content)), read).run()


def merge(stored: Contenu, read: Read) -> Contenu:
    """The content of `merged`."""
    return merged(stored, read).content


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
        self.mixed = read.ours and bool(read.partial) and bool(made.formation.intitule)
        self.kept: set[str] = set()

    def run(self) -> Merged:
        made, new = self.made, self.new
        self.values(made, new, "")
        if new.financement.cout == "gratuit" and not self.read.doubtful("financement-prix"):
            made.financement.prix = None
        if new.lieux:
            self.places()
        if new.actions:
            self.groups()
            used = {action.lieu for action in made.actions}
            if new.lieux and len(made.lieux) > 1:
                made.lieux = [lieu for lieu in made.lieux if lieu.id in used] or made.lieux
        if new.financement.financeurs:
            path = "financement-financeurs"
            stored, rows = made.financement.financeurs, new.financement.financeurs
            pairs, rest = self.paired(stored, rows, path, "code", [_same_financer])
            merged_ = [self.row(old or Financeur(), row, path, rank) for rank, row, old in pairs]
            made.financement.financeurs = _with(merged_, rest, stored)
        if made.structure.courriel == made.structure.contact.courriel:
            made.structure.courriel = ""
        return Merged(made, frozenset(self.kept))

    def stays(self, path: str, stored: Any) -> bool:
        """Whether a stored value or part stays because the reading does not wholly understand it. Adds it to `kept`."""
        if _empty(stored) or not self.read.doubtful(path):
            return False
        self.kept.add(path)
        return True

    def repeats(self, path: str) -> bool:
        return self.mixed and pattern_of(path) in REPEATING

    def values(self, target: Any, source: Any, path: str) -> None:
        """Copies the values present in the reading, recursively; lists of rows are merged elsewhere.

        An address is one value, and so is a contact when the file names another person.
        """
        if isinstance(source, Adresse):
            if not self.stays(path, target):
                _address(target, source)
            return
        if isinstance(source, Contact) and source.nom and source.nom != target.nom:
            if self.stays(path, target):
                return
            for item in fields(target):
                setattr(target, item.name, "")
        for item in fields(source):
            here = f"{path}-{item.name}" if path else item.name
            value, stored = getattr(source, item.name), getattr(target, item.name)
            if dataclasses.is_dataclass(value):
                self.values(stored, value, here)
                continue
            settled = item.name in _SETTLED_HERE or (isinstance(value, list) and _is_rows(here))
            if settled or here in self.read.unsaid or self.repeats(here) or self.stays(here, stored):
                continue
            if not _empty(value) or here in self.read.emptied:
                setattr(target, item.name, value)

    def row(self, target: Any, source: Any, path: str, rank: int) -> Any:
        self.values(target, source, f"{path}-{rank}")
        return target

    def paired(
        self, stored: Sequence[Any], rows: Sequence[Any], path: str, key: str, tests: Sequence[Same]
    ) -> tuple[list[tuple[int, Any, Any]], list[Any]]:
        """(the pairs, see `_pair`; the stored rows that stay beside them).

        key: the value, or the part, that tells the rows apart. A row whose key was not understood and that matches no
        stored row may be any of the unmatched ones: they stay, and it is left out.
        """
        pairs = _pair(stored, rows, tests)
        matched = [id(old) for _, _, old in pairs if old is not None]
        rest = [old for old in stored if id(old) not in matched]
        doubtful = {rank for rank, _, old in pairs if old is None and self.read.doubtful(f"{path}-{rank}-{key}")}
        if not (rest and doubtful):
            return pairs, []
        self.kept |= {f"{path}-{rank}-{key}" for rank in doubtful}
        return [pair for pair in pairs if pair[0] not in doubtful], rest

    def places(self) -> None:
        made, new = self.made, self.new
        alone = len(made.lieux) == len(new.lieux) == 1
        tests: list[Same] = [_same_place, _near_place, *([_any] if alone else [])]
        pairs, _ = self.paired(made.lieux, new.lieux, "lieux", "adresse", tests)
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
        alone: list[Same] = [_any] if len(made.actions) == len(new.actions) == 1 else []
        rows = []
        for rank, row, old in _pair(made.actions, new.actions, [*tests, _same_name, _unnamed, *alone]):
            action, path = old or Action(id=made.new_id(Action)), f"actions-{rank}"
            if self.stays(f"{path}-creneaux", action.creneaux):
                row.creneaux = []
                row.rythme = "" if f"{path}-rythme" in self.read.partial else row.rythme
            self.row(action, row, "actions", rank)
            if self.new.lieux:
                action.lieu = row.lieu or action.lieu
            action.creneaux = row.creneaux or action.creneaux
            if row.heures_total == action.computed_hours:
                action.heures_total = None
            if row.duree == length(replace(action, duree="")):
                action.duree = ""
            if row.sessions:
                self.sessions(action, row, f"{path}-sessions", tests)
            rows.append(action)
        made.actions = rows

    def sessions(self, action: Action, row: Action, path: str, tests: list[Same]) -> None:
        alone: list[Same] = [_any] if len(action.sessions) == len(row.sessions) == 1 else []
        pairs, rest = self.paired(action.sessions, row.sessions, path, "debut", [*tests, _same_start, *alone])
        sessions = []
        for rank, new, old in pairs:
            session = old or Session(id=self.made.new_id(Session))
            self.row(session, new, path, rank)
            if new.recrutements:
                self.appointments(session, new, f"{path}-{rank}-recrutements")
            sessions.append(session)
        action.sessions = _with(sessions, rest, action.sessions)

    def appointments(self, session: Session, row: Session, path: str) -> None:
        stored, rows = session.recrutements, row.recrutements
        alone: list[Same] = [_any] if len(stored) == len(rows) == 1 else []
        pairs, rest = self.paired(stored, rows, path, "jour", [_same_meeting, _same_day, _same_way, *alone])
        made = [self.row(old or Recrutement(), new, path, rank) for rank, new, old in pairs]
        session.recrutements = _with(made, rest, stored)


def _empty(value: Any) -> bool:
    """Whether a value, or each value of a part, says nothing."""
    if dataclasses.is_dataclass(value):
        return all(_empty(getattr(value, item.name)) for item in fields(value))
    return value in ("", None, [])


def _pair(stored: Sequence[Any], rows: Sequence[Any], tests: Sequence[Same]) -> list[tuple[int, Any, Any]]:
    """(rank, row, matching stored row or None), matched by the first test that succeeds."""
    left, found = list(stored), {}
    for test in tests:
        for rank, row in enumerate(rows):
            if rank not in found and (match := next((old for old in left if test(old, row)), None)) is not None:
                found[rank] = match
                left = [old for old in left if old is not match]
    return [(rank, row, found.get(rank)) for rank, row in enumerate(rows)]


def _with(rows: list[Any], rest: list[Any], stored: list[Any]) -> list[Any]:
    """The rows with the stored ones that stay, these at their former rank."""
    made = list(rows)
    for old in rest:
        made.insert(next(rank for rank, row in enumerate(stored) if row is old), old)
    return made


def _is_rows(path: str) -> bool:
    return f"{pattern_of(path)}[]" in spots()


def _address(target: Adresse, source: Adresse) -> None:
    """Replaces an address as a whole; the codes already found stay when it is the same address."""
    if _near(target, source):
        target.denomination = source.denomination or target.denomination
        if source.latitude:
            target.latitude, target.longitude = source.latitude, source.longitude
        return
    for item in fields(target):
        setattr(target, item.name, getattr(source, item.name))


def _near(target: Adresse, source: Adresse) -> bool:
    """Whether the source gives nothing that the target does not give: an absent line, code or town says nothing."""
    pairs = (
        (" ".join(target.lignes), " ".join(source.lignes)),
        (target.code_postal, source.code_postal),
        (target.ville, source.ville),
    )
    return all(not new or search_key(old) == search_key(new) for old, new in pairs)


def place_key(adresse: Adresse) -> str:
    return search_key(" ".join([*adresse.lignes, adresse.code_postal, adresse.ville]))


def _same_place(old: Lieu, new: Lieu) -> bool:
    return place_key(old.adresse) == place_key(new.adresse)


def _near_place(old: Lieu, new: Lieu) -> bool:
    return bool(new.adresse.lignes) and _near(old.adresse, new.adresse)


def _same_id(old: Any, new: Any) -> bool:
    return bool(old.id == new.id)


def _same_name(old: Action, new: Action) -> bool:
    return bool(new.nom) and search_key(old.nom) == search_key(new.nom)


def _unnamed(old: Action, new: Action) -> bool:
    return not (old.nom and new.nom)


def _same_start(old: Session, new: Session) -> bool:
    return new.debut is not None and old.debut == new.debut


def _same_meeting(old: Recrutement, new: Recrutement) -> bool:
    return (old.modalite, old.jour) == (new.modalite, new.jour)


def _same_day(old: Recrutement, new: Recrutement) -> bool:
    return new.jour is not None and old.jour == new.jour


def _same_way(old: Recrutement, new: Recrutement) -> bool:
    return bool(new.modalite) and old.modalite == new.modalite and not (old.jour and new.jour)


def _same_financer(old: Financeur, new: Financeur) -> bool:
    return old.code == new.code


def _any(old: Any, new: Any) -> bool:
    return True
