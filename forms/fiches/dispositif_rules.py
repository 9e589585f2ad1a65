"""Rules of the dispositifs: dated rows of data (dispositif_rules.toml), evaluated by a few checks.

The first day of the sessions decides which row applies: sessions of the group for a spot of a group, all sessions
for the rest, today when there is no date. To change a rule, see dispositif_rules.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path as File
from typing import Any

from backoffice.models.content import Contenu, values
from backoffice.models.content.findings import Finding
from backoffice.models.content.vocabulary import Dispositif

FILE = File(__file__).with_name("dispositif_rules.toml")


class Severity(StrEnum):
    BLOQUE = "bloque"
    AVERTIT = "avertit"
    INFORME = "informe"


@dataclass(frozen=True)
class Rule:
    """One row; dispositif_rules.toml describes its fields."""

    nom: str
    dispositifs: tuple[Dispositif, ...]
    gravite: Severity
    champ: str
    verifie: str
    message: str
    sources: tuple[tuple[date, str], ...]
    """(first day in force, title and reference) of the legal texts, in order of date."""
    depuis: date = date.min
    mesure: str = ""
    valeurs: tuple[Any, ...] = ()
    de: float = 0
    a: float = 0
    quand: tuple[str, tuple[str, ...]] | None = None

    @property
    def looks_at(self) -> str:
        return self.mesure or self.champ

    def source_on(self, day: date) -> str:
        return next((words for begun, words in reversed(self.sources) if begun <= day), self.sources[0][1])

    def holds(self, value: Any) -> bool:
        return CHECKS[self.verifie](self, value)


CHECKS: Mapping[str, Callable[[Rule, Any], bool]] = {
    "entre": lambda rule, value: value is None or rule.de <= value <= rule.a,
    "parmi": lambda rule, value: value in ("", None) or value in rule.valeurs,
    "rempli": lambda rule, value: value not in ("", None, []),
    "contient_tout": lambda rule, value: set(rule.valeurs) <= set(value),
    "contient_un": lambda rule, value: not value or bool(set(rule.valeurs) & set(value)),
    "toujours": lambda rule, value: False,
}
"""Whether a value satisfies the rule. A missing answer passes «entre», «parmi» and «contient_un»."""


def read(text: str) -> tuple[Rule, ...]:
    """Rules of a TOML text. A malformed row raises KeyError, TypeError or ValueError."""
    document = tomllib.loads(text)
    sources: dict[str, list[tuple[date, str]]] = {}
    for row in document["source"]:
        text = f"{row['titre']}, {row['reference']}"
        sources.setdefault(row["nom"], []).append((row.get("depuis", date.min), text))
    return tuple(_rule(row, sources) for row in document["regle"])


def _rule(row: dict[str, Any], sources: Mapping[str, list[tuple[date, str]]]) -> Rule:
    quand = row.pop("quand", None)
    texts = tuple(sorted(sources[row.pop("source")]))
    rule = Rule(
        **{
            **row,
            "sources": texts,
            "dispositifs": tuple(Dispositif(name) for name in row["dispositifs"]),
            "gravite": Severity(row["gravite"]),
            "valeurs": tuple(row.get("valeurs", ())),
            "quand": (quand["champ"], tuple(quand["parmi"])) if quand else None,
        }
    )
    if rule.verifie not in CHECKS:
        raise ValueError(f"{rule.nom}: {rule.verifie!r} is no check")
    return rule


@cache
def rules() -> tuple[Rule, ...]:
    return read(FILE.read_text(encoding="utf-8"))


def in_force(rows: Iterable[Rule], dispositif: Dispositif, day: date) -> dict[str, Rule]:
    """{nom: row} of this dispositif on this day; among rows with the same name, the latest `depuis` up to that day."""
    begun = sorted((row for row in rows if dispositif in row.dispositifs and row.depuis <= day), key=_beginning)
    return {row.nom: row for row in begun}


def _beginning(row: Rule) -> date:
    return row.depuis


@dataclass(frozen=True)
class Met:
    """A rule that the content breaks, or that only informs, with its finding on one spot."""

    rule: Rule
    finding: Finding


def met(content: Contenu, dispositif: Dispositif, today: date, rows: Iterable[Rule]) -> Iterator[Met]:
    """Rules that give a finding on this content, in the order of the rows; superseded rows are skipped.

    today: used where no session has a date.
    """
    rows = tuple(rows)
    in_force_on = cache(lambda day: in_force(rows, dispositif, day))
    for row in rows:
        for path, value in values(content, row.looks_at):
            days = [day for day in days_of(content, path) or [today] if in_force_on(day).get(row.nom) is row]
            if days and concerned(row, content, path) and not row.holds(value):
                yield Met(row, _finding(row, path, value, days[-1]))


def days_of(content: Contenu, path: str) -> list[date]:
    """First days of the sessions that decide for this path, sorted; none for a row that the content does not have."""
    found = re.match(r"actions-(\d+)(?:-sessions-(\d+))?", path)
    actions = content.actions[int(found[1]) :][:1] if found else content.actions
    sessions = [session for action in actions for session in action.sessions]
    if found and found[2]:
        sessions = sessions[int(found[2]) :][:1]
    return sorted({session.debut for session in sessions if session.debut})


def concerned(row: Rule, content: Contenu, path: str) -> bool:
    """Whether the condition of the rule is met, in the same row of the content when its pattern has rows."""
    if row.quand is None:
        return True
    pattern, wanted = row.quand
    same = _at(pattern, path)
    found = [value for where, value in values(content, pattern) if where == same or "[]" not in pattern]
    return any(set(value if isinstance(value, list) else [value]) & set(wanted) for value in found)


def _at(pattern: str, path: str) -> str:
    """Path of a pattern, with the row ranks of another path; rank 0 where that path has none."""
    ranks = iter(re.findall(r"-(\d+)(?=-|$)", path))
    return re.sub(r"\[\]", lambda _: f"-{next(ranks, '0')}", pattern).replace(".", "-")


def _finding(row: Rule, path: str, value: Any, day: date) -> Finding:
    where = _at(row.champ, path)
    message = row.message.format(valeur=_number(value), de=_number(row.de), a=_number(row.a))
    found = re.match(r"actions-(\d+)", where)
    if found:
        message = f"Groupe {int(found[1]) + 1} : {message[0].lower()}{message[1:]}"
    return Finding(where, message, row.gravite is Severity.BLOQUE, row.source_on(day))


def _number(value: Any) -> str:
    """«7,5», «12»"""
    return f"{value:g}".replace(".", ",") if isinstance(value, int | float) else str(value)
