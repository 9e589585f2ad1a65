"""Parts of the documentation that are made from the code: ``python -m tests.support.diagrams`` writes them anew.

A part stands in a Markdown file between ``<!-- name: … -->`` and ``<!-- /name -->``. tests/site/test_documents.py
compares each one with the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

from backoffice.models import FicheState, ObligationState, RevisionState
from backoffice.models.transition_names import FicheTransition
from workflows.conventions import obligation_transitions
from workflows.engine import Transition
from workflows.fiches import transitions
from workflows.fiches.transitions import Subject
from workflows.notices.declared import NOTICES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

WHO = {
    "WRITE_FICHE": "la structure",
    "MODERATE": "la modération",
    "FUND": "le financeur",
    "AUTOMATIC": "Relais",
}
"""Permission that a transition asks for -> who has it, in French."""

PROCESSES = {
    "web": "web[pages : gunicorn]",
    "worker": "worker[travaux : flask jobs work]",
    "scheduler": "scheduler[horaires : flask jobs schedule]",
    "postgresql": "postgresql[(base : SQLite ou PostgreSQL)]",
    "redis": "redis[(file de travaux : Redis)]",
    "proxy": "proxy[proxy TLS]",
}
"""Service of docs/exploitation/compose.yaml -> its node."""
ARROWS = (
    ("personnes([personnes])", "proxy"),
    ("lecteurs([lecteurs des flux])", "proxy"),
    ("proxy", "web"),
    ("web", "postgresql"),
    ("web", "redis"),
    ("worker", "postgresql"),
    ("worker", "redis"),
    ("worker", "smtp>serveur SMTP]"),
    ("scheduler", "redis"),
)


def mermaid(kind: str, lines: Iterable[str]) -> str:
    return "\n".join(["```mermaid", kind, *(f"    {line}" for line in lines), "```"])


State = RevisionState | FicheState | ObligationState


def states(table: Iterable[Transition], known: Iterable[State], more: Iterable[tuple[State, State, str]] = ()) -> str:
    """A state diagram: the states, and one arrow for each transition that changes one of them.

    more: arrows (source, target, words) that follow a transition of another table.
    """
    known = list(known)
    lines = [f'state "{state.label}" as {state}' for state in known]
    lines.append(f"[*] --> {known[0]}")
    for row in table:
        if row.target in known:
            lines += [f"{source} --> {row.target} : {row.label}" for source in row.sources if source is not row.target]
    lines += [f"{source} --> {target} : {words}" for source, target, words in more]
    return mermaid("stateDiagram-v2", lines)


def passages() -> str:
    """One line a transition of fiches: button, who, what must be said, what the structure is told."""
    lines = ["| Passage | Qui | Ce qu’il faut dire | Message |", "| --- | --- | --- | --- |"]
    for row in transitions.TRANSITIONS.values():
        who = ", ".join(WHO[permission.name] for permission in row.permissions)
        said = "un motif" if row.reasons else row.comment or "–"
        told = f"« {NOTICES[row.notice].label} »" if row.notice else "–"
        lines.append(f"| {row.label} | {who} | {said} | {told} |")
    return "\n".join(lines)


def floors() -> str:
    """The layers of the import contract, from the roof to the ground."""
    text = (ROOT / "pyproject.toml").read_text()
    block = re.search(r'type = "layers"\nlayers = \[\n(.*?)\]', text, re.DOTALL)
    assert block is not None
    layers = [re.split(r" [:|] ", line.strip(' ",')) for line in block[1].strip().split("\n")]
    lines = []
    for upper, lower in pairwise(layers):
        left, right = " & ".join(map(node, upper)), " & ".join(map(node, lower))
        lines.append(f"{left} --> {right}")
    return mermaid("flowchart TD", lines)


def node(package: str) -> str:
    return f"{package.replace('.', '_')}[{package.replace('.', '/')}]"


def processes() -> str:
    named = {name: PROCESSES.get(name, name) for pair in ARROWS for name in pair}
    return mermaid("flowchart LR", [f"{named[left]} --> {named[right]}" for left, right in ARROWS])


def of_kind(kind: Subject) -> list[Transition]:
    return [row for row in transitions.TRANSITIONS.values() if kind in row.kinds]


PARTS: dict[tuple[str, str], Callable[[], str]] = {
    ("architecture.md", "processes"): processes,
    ("architecture.md", "floors"): floors,
    ("metier/fiche.md", "etats-version"): lambda: states(of_kind(Subject.REVISION), RevisionState),
    ("metier/fiche.md", "etats-fiche"): lambda: states(
        of_kind(Subject.FICHE),
        FicheState,
        [(FicheState.NON_PUBLIEE, FicheState.PUBLIEE, transitions.TABLE.words[FicheTransition.PUBLIER])],
    ),
    ("metier/fiche.md", "passages"): passages,
    ("metier/obligations.md", "etats-obligation"): lambda: states(
        obligation_transitions.TRANSITIONS.values(), ObligationState
    ),
}
"""(file within docs/, name of the part) -> what makes it."""


def pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name}: [^\n]*-->\n)(.*?)(<!-- /{name} -->)", re.DOTALL)


def written(file: str, name: str) -> str:
    """The part as it stands in the file. Raises LookupError when the file has none of that name."""
    found = pattern(name).search((DOCS / file).read_text())
    if found is None:
        raise LookupError(f"{file} n’a pas de partie {name}")
    return found[2].strip()


def main() -> None:
    for (file, name), make in PARTS.items():
        path = DOCS / file
        path.write_text(pattern(name).sub(lambda m, made=make: f"{m[1]}{made()}\n{m[3]}", path.read_text()))


if __name__ == "__main__":
    main()
