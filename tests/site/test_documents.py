"""Documents that speak of the code agree with it."""

from __future__ import annotations

import re

import pytest

from tests.support.diagrams import DOCS, PARTS, PROCESSES, ROOT, written
from tests.support.tree import tracked

PATHS = re.compile(r"`((?:backoffice|forms|workflows|exports|templates|tests|docs)/[\w./-]+\.\w+)`")
TESTS = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LINKS = re.compile(r"\]\((?!https?:)([^)#]+)")
DOCUMENTS = sorted(path for path in tracked("*.md") if path.parts[0] != "backoffice")


@pytest.mark.parametrize(("file", "name"), PARTS, ids=lambda value: value)
def test_a_part_made_from_the_code_is_that_of_today(file, name):
    assert written(file, name) == PARTS[file, name](), "faites `make docs`"


def test_the_diagram_of_processes_has_the_services_of_the_example():
    text = (DOCS / "exploitation" / "compose.yaml").read_text()
    services = text.split("\nservices:\n")[1].split("\nvolumes:")[0]
    assert set(re.findall(r"^  (\w+):$", services, re.MULTILINE)) == {*PROCESSES, "prepare"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_files_that_a_document_names_exist(document):
    text = (ROOT / document).read_text()
    named = [ROOT / path for path in PATHS.findall(text)]
    named += [(ROOT / document).parent / path for path in LINKS.findall(text)]
    assert [str(path.relative_to(ROOT)) for path in named if not path.exists()] == []


def test_the_readme_is_one_page():
    assert len((ROOT / "README.md").read_text().split()) <= 700


def test_each_attack_has_its_answer_and_tests_that_exist():
    text = (DOCS / "securite.md").read_text()
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row[0].startswith((" Attack", " ---"))]
    assert len(rows) > 40
    assert [row[0] for row in rows if len(row) != 3 or not TESTS.search(row[2])] == []
    named = TESTS.findall(text)
    assert [name for file, name in named if f"\ndef {name}(" not in (ROOT / file).read_text()] == []
