"""The tree of docs/architecture.md: floors first, the same subjects on each, every module on exactly one floor."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.support.tree import PACKAGES, ROOT, sources, targets, tracked

SUBJECTS = {
    "accounts",
    "conventions",
    "fiches",
    "flux",
    "importing",
    "moderation",
    "notices",
    "privacy",
    "registers",
    "structures",
    "territoires",
    "work",
}
"""The words that name a subject, on whatever floor."""

OTHERS = {
    "backoffice": {"core", "models", "reference", "queries", "web", "cli", "demo", "migrations"},
    "backoffice/models": {"content", "values"},
    "backoffice/queries": set(),
    "backoffice/web": {"admin", "views", "static"},
    "backoffice/web/views": set(),
    "forms": {"kit", "steps"},
    "workflows": set(),
    "exports": {"lheo", "fragment", "open_data", "documents"},
    "templates": {"macros", "help", "admin_tables"},
    "tests": {"support", "site", "browser", "demo", "bench", "fuzz", "startup", "values"},
}
"""Folder -> what it may hold beside the subjects."""

BESIDE_THE_FLOORS = {"backoffice", "wsgi"}
"""The empty package itself, and the entry point that only calls the factory."""


MODULES = sorted({*sources(), "wsgi"})


def floors() -> list[list[str]]:
    """The layers of the first import contract, from the roof to the ground; each a list of packages side by side."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (found,) = [one for one in contracts if one["type"] == "layers"]
    return [[part.strip() for part in layer.replace("|", ":").split(":")] for layer in found["layers"]]


def floor_of(module: str) -> list[str]:
    return [part for layer in floors() for part in layer if f"{module}.".startswith(f"{part}.")]


@pytest.mark.parametrize("module", [module for module in MODULES if not module.startswith("backoffice.migrations")])
def test_every_module_stands_on_exactly_one_floor(module):
    assert len(floor_of(module)) == (0 if module in BESIDE_THE_FLOORS else 1)


@pytest.mark.parametrize("folder", OTHERS)
def test_a_folder_is_named_after_a_subject_or_is_a_known_part_of_its_floor(folder):
    depth = len(Path(folder).parts)
    found = {path.parts[depth] for path in tracked(f"{folder}/**") if len(path.parts) > depth + 1}
    assert found <= SUBJECTS | OTHERS[folder]
    assert OTHERS[folder] <= found, "un dossier qui n’est plus là"


def test_no_import_goes_round_in_a_circle():
    """TYPE_CHECKING imports included: two modules that need each other are one."""
    arrows = {module: targets(module) - {module} for module in sources()}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join([*path[path.index(module) :], module])
        if module in done:
            return
        for target in sorted(arrows[module]):
            visit(target, (*path, module))
        done.add(module)

    for module in arrows:
        visit(module, ())


def test_packages_of_the_ground_are_empty():
    """A worker starts at `workflows`: a package that imports the factory would meet itself half loaded."""
    for package in PACKAGES:
        assert (ROOT / package / "__init__.py").read_text() == ""
