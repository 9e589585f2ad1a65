"""Names of steps stand in one module: no production file and no template writes one as a literal."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from jinja2 import Environment

from backoffice.models.transition_names import FicheTransition, ObligationTransition
from workflows.conventions import obligation_transitions
from workflows.fiches import transitions

ROOT = Path(__file__).resolve().parents[2]
NAMES = {*FicheTransition, *ObligationTransition}
TABLES = ((transitions.TABLE, FicheTransition), (obligation_transitions.TABLE, ObligationTransition))

# The same French verbs, said of something else: the buttons of invitations, e-mails, rows, rules and registers.
OTHERS = {
    "corriger": ["liste.html"],
    "creer": ["home.html", "imports.py", "invitation.py", "page.html"],
    "ecarter": ["moderation_rules.py", "regle.html", "regles.py"],
    "reconduire": ["liste.html"],
    "refuser": ["liste.html", "membres.py"],
    "relancer": ["lecture.html", "registres.py"],
    "renvoyer": ["comptes.py", "courriels.html", "envois.py", "invitations.html", "liste.html", "membres.py"],
    "retirer": [
        "compte.html",
        "convention.html",
        "conventions.py",
        "invitations.html",
        "liste.html",
        "regles.py",
        "rows.py",
        "second_facteur.html",
        "second_facteur.py",
    ],
    "rouvrir": ["compte.html", "liste.html", "lot.html"],
    "terminer": ["liste.html"],
    "verifier": ["relecture.html"],
}
"""By word: the files that may write it."""


def words_of_python(path: Path) -> set[str]:
    """The texts of a module, save those of the enumerations that stored columns have of their own."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") == "StrEnum" for base in node.bases):
            node.body = [row for row in node.body if not isinstance(row, ast.Assign)]
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def words_of_template(path: Path) -> set[str]:
    """The texts that its expressions hold, and the values of attributes outside them."""
    found = set()
    for _, kind, text in Environment(autoescape=True).lex(path.read_text()):
        found |= {text[1:-1]} if kind == "string" else set()
        found |= set(re.findall(r'=["\'](\w+)["\']', text)) if kind == "data" else set()
    return found


def found_in(paths, words_of) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {word}"
        for path in paths
        for word in sorted(words_of(path) & {str(name) for name in NAMES})
        if path.name not in OTHERS.get(word, [])
    ]


def test_no_module_writes_the_name_of_a_step():
    paths = [
        path
        for folder in ("backoffice", "workflows", "forms", "exports")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts and path.name != "steps.py"
    ]
    assert len(paths) > 200
    assert found_in(paths, words_of_python) == []


def test_no_template_writes_the_name_of_a_step():
    paths = sorted((ROOT / "templates").rglob("*.html"))
    assert len(paths) > 100
    assert found_in(paths, words_of_template) == []


def test_the_sweep_sees_a_name_that_is_written(tmp_path):
    module, page = tmp_path / "x.py", tmp_path / "x.html"
    module.write_text('apply(session, "valider")')
    page.write_text('{% if row.name == "valider" %}<input value="prendre">{% endif %}')
    assert "valider" in words_of_python(module)
    assert {"valider", "prendre"} <= words_of_template(page)


@pytest.mark.parametrize(("table", "names"), TABLES, ids=["fiches", "obligations"])
def test_each_name_is_a_transition_or_an_event_of_its_table_once_with_words(table, names):
    assert not table.transitions.keys() & table.events.keys()
    assert set(table.words) == table.transitions.keys() | table.events.keys() == set(names)
    assert all(table.words.values())
