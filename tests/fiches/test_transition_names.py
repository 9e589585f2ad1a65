"""Names of transitions stand in one module: no production file and no template writes one as a literal."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from jinja2 import Environment

from backoffice.models.transition_names import FicheTransition, ObligationTransition
from tests.support.tree import ROOT
from workflows.conventions import obligation_transitions
from workflows.fiches import transitions

NAMES = {*FicheTransition, *ObligationTransition}
TABLES = ((transitions.TABLE, FicheTransition), (obligation_transitions.TABLE, ObligationTransition))

# The same French verbs, said of something else: the buttons of invitations, e-mails, rows, rules and registers.
OTHERS = {
    "corriger": ["templates/fiches/list.html"],
    "creer": [
        "backoffice/web/views/accounts/invitations.py",
        "backoffice/web/views/importing/pages.py",
        "templates/accounts/invitation.html",
        "templates/importing/home.html",
    ],
    "ecarter": [
        "backoffice/models/moderation/moderation_rules.py",
        "backoffice/web/views/moderation/moderation_rules.py",
        "workflows/moderation/moderation_rules.py",
        "templates/moderation/moderation_rules/rule.html",
    ],
    "reconduire": ["templates/fiches/list.html"],
    "refuser": ["backoffice/web/views/structures/members.py", "templates/structures/members.html"],
    "relancer": ["backoffice/web/views/registers/pages.py", "templates/registers/reading.html"],
    "renvoyer": [
        "backoffice/web/views/accounts/administration.py",
        "backoffice/web/views/notices/outbox.py",
        "backoffice/web/views/structures/members.py",
        "templates/accounts/administration/invitations.html",
        "templates/notices/outbox.html",
        "templates/structures/members.html",
    ],
    "retirer": [
        "backoffice/web/views/accounts/second_factor.py",
        "backoffice/web/views/conventions/pages.py",
        "backoffice/web/views/moderation/moderation_rules.py",
        "forms/kit/rows.py",
        "templates/accounts/administration/account.html",
        "templates/accounts/administration/invitations.html",
        "templates/accounts/second_factor.html",
        "templates/conventions/convention.html",
        "templates/structures/members.html",
    ],
    "rouvrir": [
        "templates/accounts/administration/account.html",
        "templates/moderation/lot.html",
        "templates/structures/members.html",
    ],
    "terminer": ["templates/fiches/list.html"],
    "verifier": ["templates/fiches/steps/review.html"],
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
        if str(path.relative_to(ROOT)) not in OTHERS.get(word, [])
    ]


def test_no_module_writes_the_name_of_a_transition():
    paths = [
        path
        for folder in ("backoffice", "workflows", "forms", "exports")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts and path.name != "transition_names.py"
    ]
    assert len(paths) > 200
    assert found_in(paths, words_of_python) == []


def test_no_template_writes_the_name_of_a_transition():
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
