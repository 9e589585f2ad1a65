"""The checkout as tests look at it: its files, as git lists them, and what its modules import."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("backoffice", "forms", "workflows", "exports")


def tracked(*patterns: str) -> list[Path]:
    """Tracked or new files that match, as paths from the root; deleted and ignored files are left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [Path(line) for line in listed if line and (ROOT / line).exists()]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def sources() -> dict[str, tuple[Path, ast.Module]]:
    """{name of the module: (its file, its tree)}"""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {name_of(path): (path, ast.parse(path.read_text(encoding="utf-8"))) for path in files}


def imported(name: str) -> Iterator[tuple[str, str]]:
    """(module, name taken from it or "") of each import of a module, inside functions too."""
    path, tree = sources()[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield from ((module, alias.name) for alias in node.names)


def targets(name: str) -> set[str]:
    """The modules of ours that a module imports."""
    found = (f"{module}.{taken}" if f"{module}.{taken}" in sources() else module for module, taken in imported(name))
    return {module for module in found if module in sources()}
