"""The report of a file check, as JSON and as text for a terminal."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from backoffice.core.limited import UnreadableFile
from backoffice.core.text import many

from .consumers import RULES
from .faults import Fault

EXAMPLES = 5
"""Occurrences of a fault shown on a page or a terminal. The JSON has all of them, up to LISTED in a file."""
LISTED = 100_000
MOST_GROUPS = 1_000
_NUMBERS = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Example:
    """One occurrence of a repeated fault."""

    line: int | None
    path: str
    problem: str


@dataclass(slots=True)
class Group:
    """Faults with the same rule and the same path without ranks. problem, cure: those of the first one.

    examples: every occurrence; of a file with more than LISTED faults, the first ones, EXAMPLES at least.
    """

    rule: str
    path: str
    problem: str
    cure: str
    number: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True)
class DropCount:
    """Number of units that a consumer's rule applies to. lines: of the first EXAMPLES."""

    consumer: str
    code: str
    unit: str
    words: str
    number: int = 0
    lines: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fill:
    """Fill rate of an element, given by its path from formation. occurrences: number of filled elements.

    ``units`` of the ``total`` formations, actions or sessions (``unit``) contain it at least once.
    """

    path: str
    unit: str
    occurrences: int
    units: int
    total: int

    @property
    def rate(self) -> float:
        """Between 0 and 1."""
        return self.units / self.total if self.total else 0.0


@dataclass(slots=True)
class Report:
    """The result of one check. ``unreadable`` is the error that stopped the reading, if any: the rest is unchecked."""

    file: str
    version: str = "2.3"
    size: int = 0
    formations: int = 0
    actions: int = 0
    sessions: int = 0
    faults: int = 0
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    ungrouped: int = 0
    listed: int = 0
    drops: dict[str, DropCount] = field(default_factory=dict)
    preview: list[dict[str, Any]] | None = None
    """What readers show of the first formation: see ``consumers.preview``."""
    fill: list[Fill] = field(default_factory=list)
    unreadable: UnreadableFile | None = None

    @property
    def status(self) -> int:
        """0: no fault; 1: faults; 2: the file cannot be read to its end."""
        return 2 if self.unreadable else int(self.faults > 0)

    def add(self, fault: Fault) -> None:
        """Count a fault in its group. Beyond MOST_GROUPS groups, it is counted without one."""
        self.faults += 1
        key = (fault.rule, _NUMBERS.sub("", fault.path))
        group = self.groups.get(key)
        if group is None:
            if len(self.groups) >= MOST_GROUPS:
                self.ungrouped += 1
                return
            group = self.groups[key] = Group(*key, fault.problem, fault.cure)
        group.number += 1
        if self.listed < LISTED or len(group.examples) < EXAMPLES:
            self.listed += 1
            group.examples.append(Example(fault.line, fault.path, fault.problem))

    def drop(self, code: str, line: int) -> None:
        """Count one unit that a consumer ignores or changes. code: of consumers.RULES."""
        counted = self.drops.get(code)
        if counted is None:
            rule = RULES[code]
            counted = self.drops[code] = DropCount(rule.consumer, code, rule.unit, rule.words)
        counted.number += 1
        if len(counted.lines) < EXAMPLES:
            counted.lines.append(line)

    def as_json(self) -> dict[str, Any]:
        """Return the report in JSON types. Keys are French: the file is downloaded by users."""
        return {
            "fichier": self.file,
            "version": self.version,
            "octets": self.size,
            "etat": self.status,
            "illisible": {"ligne": self.unreadable.line, "message": self.unreadable.message}
            if self.unreadable
            else None,
            "comptes": {"formations": self.formations, "actions": self.actions, "sessions": self.sessions},
            "nombre_de_fautes": self.faults,
            "fautes_non_groupees": self.ungrouped,
            "fautes_non_listees": self.faults - self.listed,
            "fautes": [_french(asdict(group)) for group in self.groups.values()],
            "lecteurs": [
                {**_french(asdict(self.drops[code])), "total": self._total(rule.unit)}
                for code, rule in RULES.items()
                if code in self.drops
            ],
            "apercu": self.preview or [],
            "remplissage": [{**_french(asdict(fill)), "taux": round(fill.rate, 4)} for fill in self.fill],
        }

    def _total(self, unit: str) -> int:
        return {"formation": self.formations, "action": self.actions, "session": self.sessions}[unit]


_FRENCH = {
    "rule": "regle",
    "path": "chemin",
    "problem": "message",
    "cure": "remede",
    "number": "nombre",
    "examples": "exemples",
    "line": "ligne",
    "lines": "lignes",
    "consumer": "lecteur",
    "words": "effet",
    "unit": "unite",
    "units": "presents_dans",
}


def _french(value: Any) -> Any:
    if isinstance(value, dict):
        return {_FRENCH.get(name, name): _french(inner) for name, inner in value.items()}
    return [_french(inner) for inner in value] if isinstance(value, list) else value


def as_text(report: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that a terminal shows. report: from ``as_json``."""
    counts = report["comptes"]
    yield (
        f"{report['fichier']} (LHEO {report['version']}) : {many(counts['formations'], 'formation')}, "
        f"{many(counts['actions'], 'action')}, {many(counts['sessions'], 'session')}."
    )
    for group in report["fautes"]:
        times = f" ({group['nombre']} fois)" if group["nombre"] > 1 else ""
        yield ""
        yield f"{group['chemin']} [{group['regle']}]{times}"
        yield f"  {group['message']} {group['remede']}".rstrip()
        for example in group["exemples"][:EXAMPLES]:
            said = "" if example["message"] == group["message"] else f" : {example['message']}"
            yield f"  ligne {example['ligne'] or '?'}, {example['chemin']}{said}"
    if report["fautes_non_groupees"]:
        yield ""
        yield f"Et {many(report['fautes_non_groupees'], 'autre faute')}, d’autres sortes encore."
    if report["lecteurs"]:
        yield ""
        yield "Ce que les lecteurs des flux laissent de côté :"
        for drop in report["lecteurs"]:
            yield f"  {drop['lecteur']}, {many(drop['nombre'], drop['unite'])} sur {drop['total']} : {drop['effet']}"
    if report["remplissage"]:
        yield ""
        yield "Taux de remplissage :"
        for fill in report["remplissage"]:
            share = f"{100 * fill['taux']:.1f}".replace(".", ",")
            yield f"  {share:>5} % des {fill['unite']}s  {fill['chemin']} ({fill['occurrences']})"
    yield ""
    if report["illisible"]:
        yield f"Lecture arrêtée. {report['illisible']['message']}"
    else:
        number = report["nombre_de_fautes"]
        yield f"{many(number, 'faute')}." if number else "Aucune faute."
