"""The declaration of the project: what it depends on is pinned, and nothing names a registry."""

from __future__ import annotations

import re
import tomllib

from backoffice.core.config import SETTINGS
from tests.support.tree import ROOT

PIN = re.compile(r"([A-Za-z0-9._-]+)==[0-9][^\s;]*(; .+)?")


def pinned(name: str) -> list[str]:
    lines = (ROOT / name).read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert all(PIN.fullmatch(line) for line in pins), "une ligne sans version exacte, ou avec une adresse"
    return [plain(PIN.fullmatch(line)[1]) for line in pins]


def plain(name: str) -> str:
    return re.sub(r"[._-]+", "-", name.split("[")[0]).lower()


def test_every_dependency_is_pinned_once():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    run, test = pinned("requirements.txt"), pinned("requirements-test.txt")
    assert len(run) == len(set(run))
    assert not set(run) & set(test)
    assert {plain(name) for name in project["dependencies"]} <= set(run)
    assert {plain(name) for name in project["optional-dependencies"]["test"]} <= set(test)


def test_every_dependency_has_its_line_of_reason():
    text = (ROOT / "pyproject.toml").read_text()
    listed = re.findall(r"^  \"[\w.\[\]-]+\",.*$", text.split("[build-system]")[0], re.MULTILINE)
    assert len(listed) > 20
    assert all(re.search(r"# \w", line) for line in listed)


def test_every_setting_is_in_the_guide():
    guide = (ROOT / "docs" / "exploitation.md").read_text()
    assert [name for name in SETTINGS if f"`{name}`" not in guide] == []
