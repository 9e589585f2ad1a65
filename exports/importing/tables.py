"""Reads the rows of a table into entries.

One row is one group and one period. Rows of the same fiche (same numero; else same structure and title) make one
entry: values of the whole fiche may be written on the first row only. In the answers of an online form, each row is
one fiche.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from backoffice.core.text import search_key
from backoffice.models.content import Action, Contenu, Financeur, Lieu, Session, pattern_of, put
from backoffice.models.values.cells import says_nothing, text_of

from .cells import read_cell
from .columns import BY_KEY, NUMERO, SLOTS
from .files import Table
from .merge import place_key
from .reading import Read, leaf_values


def read_rows(table: Table, mapping: Mapping[int, str], *, grouped: bool) -> list[Read]:
    """The entries of a table. mapping: {rank of the column: key}; grouped: several rows may be one fiche."""
    known = {rank: key for rank, key in mapping.items() if key in BY_KEY and rank < len(table.headers)}
    entries: dict[Any, _Entry] = {}
    for number, cells in table.rows:
        texts = {key: text_of(cells[rank]) for rank, key in known.items()}
        row = _Row(number, {key: text for key, text in texts.items() if not says_nothing(text)}, table, known)
        if not row.said:
            continue
        key = row.key if grouped and row.key else number
        if key in entries:
            entries[key].add(row)
        else:
            entries[key] = _Entry(row)
    return [entry.read() for entry in entries.values()]


class _Row:
    """One row, read into a content with one place, one group, one session. wrong: (key, message, text) of errors."""

    def __init__(self, number: int, said: dict[str, str], table: Table, known: Mapping[int, str]):
        self.number, self.said, self.answered = number, said, set(said)
        self.headers = {key: table.headers[rank] for rank, key in known.items()}
        self.numero = said.get(NUMERO, "").strip()
        # Defaults are emptied: a value absent from the row must not replace a stored one.
        group = Action(format="", presence="", sessions=[Session(recrutement="")])
        self.content = Contenu(lieux=[Lieu()], actions=[group])
        self.content.financement.financeurs = [Financeur()]
        self.wrong: list[tuple[str, str, str]] = []
        for key, text in said.items():
            if key != NUMERO:
                self.put(key, text)

    @property
    def key(self) -> tuple[str, ...] | None:
        """Identity of the fiche of the row: (numero), else (SIRET or name, title); None when both are missing."""
        if self.numero:
            return (self.numero,)
        title = search_key(self.said.get("formation.intitule", ""))
        owner = self.content.structure.siret or search_key(self.content.structure.nom)
        return (owner, title) if title else None

    def put(self, key: str, text: str) -> None:
        value, message = read_cell(key, text)
        if message:
            self.wrong.append((key, message, text))
        if key == SLOTS:
            action = self.content.actions[0]
            action.creneaux = value
            if message and "actions[].rythme" not in self.said:
                action.rythme = text  # keeps the text that could not be parsed
                self.answered.add("actions[].rythme")
            return
        *parents, name = key.replace("[]", "[].").replace("..", ".").split(".")
        target: Any = self.content
        for parent in parents:
            target = getattr(target, parent.removesuffix("[]"))
            target = target[0] if parent.endswith("[]") else target
        setattr(target, name, value)

    def says(self, prefix: str) -> bool:
        return any(key.startswith(prefix) for key in self.said)


class _Entry:
    """The rows of one fiche, combined into one content."""

    def __init__(self, row: _Row):
        self.rows = [row]
        self.content = Contenu()
        self.patterns: set[str] = set()
        self.made_of: dict[str, list[_Row]] = {}
        """{path of a place, a group or a session: rows it was read from}."""
        self.ranks: dict[int, dict[str, int]] = {}
        """{number of a row: {name of a list: rank of the part that the row gives}}."""
        self.made = Read(f"ligne {row.number}", self.content, row.numero)

    def add(self, row: _Row) -> None:
        self.rows.append(row)

    def read(self) -> Read:
        if len(self.rows) > 1:
            self.made.place = f"lignes {', '.join(str(row.number) for row in self.rows)}"
        for row in self.rows:
            self.shared(row)
            self.group(row)
            self.patterns |= set(row.said)
        self.made.unsaid = {path for path, _ in leaf_values(self.content) if not self.says(path)}
        for row in self.rows:
            for key, message, text in row.wrong:
                self.doubt(row, key, f"Ligne {row.number}, colonne « {row.headers[key]} » : {message}", text[:300])
                self.made.wrong.append((row.number, key, message))
            self.made.cells += [(row.number, key, text[:1_000]) for key, text in row.said.items()]
        return self.made

    def doubt(self, row: _Row, key: str, message: str, text: str) -> None:
        path = _spot(key, self.ranks[row.number])
        if key == SLOTS:
            part = path.removesuffix("-0-jour")
            self.made.doubt(path, message, text, part=part)
            if "actions[].rythme" not in row.said:
                self.made.partial.add(f"{part.removesuffix('-creneaux')}-rythme")
        elif "[]" not in key and any(key in other.said for other in self.rows[: self.rows.index(row)]):
            self.made.remark(path, message, text)  # the first row is kept
        else:
            self.made.doubt(path, message, text)

    def says(self, path: str) -> bool:
        """Whether the value at a path comes from a cell: of the rows that made its part, else of any row."""
        part = path
        while part and part not in self.made_of:
            part = part.rpartition("-")[0]
        return any(pattern_of(path) in row.answered for row in self.made_of.get(part, self.rows))

    def shared(self, row: _Row) -> None:
        """Copies the values of the whole fiche from a row. The first row with a value wins; others give a remark."""
        mine, theirs = dict(leaf_values(self.content)), dict(leaf_values(row.content))
        for key in row.said:
            path = key.replace(".", "-")
            if "[]" in key or path not in theirs:
                continue
            if mine[path] == theirs[path] or theirs[path] in ("", None, []):
                continue
            if key in self.patterns:
                message = f"Ligne {row.number} : cette réponse n’est pas celle de la première ligne, qui est gardée."
                self.made.remark(path, message, row.said[key][:300])
            else:
                put(self.content, None, key, theirs[path])

    def group(self, row: _Row) -> None:
        content, action = self.content, row.content.actions[0]
        ranks = self.ranks[row.number] = {}
        lieu = self.place(row, ranks) if row.says("lieux[]") else ""
        if row.says("actions[]"):
            same = next((known for known in content.actions if known.nom and known.nom == action.nom), None)
            if not row.says("actions[].sessions[]"):
                action.sessions = []
            for session in action.sessions:
                session.id = content.new_id(Session)
            ranks["actions"] = len(content.actions) if same is None else content.actions.index(same)
            ranks["sessions"] = 0 if same is None else len(same.sessions)
            if same is None:
                self.made_of[f"actions-{len(content.actions)}"] = [row]
                action.id, action.lieu = content.new_id(Action), lieu
                content.actions.append(action)
            elif action.sessions:
                rank = content.actions.index(same)
                self.made_of[f"actions-{rank}-sessions-{len(same.sessions)}"] = [row]
                same.sessions += action.sessions
        elif lieu and not content.actions:
            content.actions.append(Action(id=content.new_id(Action), format="", presence="", lieu=lieu))
        financeur, known = row.content.financement.financeurs[0], content.financement.financeurs
        if row.says("financement.financeurs[]"):
            if financeur not in known:
                known.append(financeur)
            ranks["financeurs"] = known.index(financeur)

    def place(self, row: _Row, ranks: dict[str, int]) -> str:
        new = row.content.lieux[0]
        ranks["lieux"] = len(self.content.lieux)
        for rank, known in enumerate(self.content.lieux):
            if place_key(known.adresse) == place_key(new.adresse):
                ranks["lieux"] = rank
                return known.id
        new.id = self.content.new_id(Lieu)
        self.made_of[f"lieux-{len(self.content.lieux)}"] = [row]
        self.content.lieux.append(new)
        return new.id


def _spot(key: str, ranks: Mapping[str, int]) -> str:
    """The path of a pattern. ranks: {name of a list: rank}, 0 when it is absent."""
    key = f"{key}[].jour" if key == SLOTS else key
    return re.sub(r"(\w+)\[\]", lambda found: f"{found[1]}-{ranks.get(found[1], 0)}", key).replace(".", "-")
