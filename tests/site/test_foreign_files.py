"""Foreign files are opened in the limited child process only (backoffice.core.limited)."""

from __future__ import annotations

import ast
import importlib
import re

from tests.support.tree import sources, targets

OPENERS = {
    "csv.reader",
    "csv.DictReader",
    "gzip.open",
    "gzip.decompress",
    "gzip.GzipFile",
    "zipfile.ZipFile",
    "tarfile.open",
    "zlib.decompress",
    "zlib.decompressobj",
    "etree.fromstring",
    "etree.parse",
    "etree.iterparse",
    "etree.XML",
    "etree.HTML",
    "etree.XMLParser",
    "etree.XMLPullParser",
    "load_workbook",
    "CalamineWorkbook.from_path",
    "CalamineWorkbook.from_filelike",
}
"""What opens a table, an archive or XML."""
LIBRARIES = ("bz2", "lzma", "xml", "openpyxl", "python_calamine", "html5lib", "xlrd", "pandas")

CHILD = {
    "backoffice.core.backup_archive",
    "exports.flux.read_back",
    "exports.importing.sheets",
    "exports.importing.streams",
    "exports.lheo.checker",
    "exports.lheo.foreign",
    "exports.lheo.prolog",
    "exports.lheo.reader",
    "exports.lheo.syntax",
    "exports.lheo.unpacking",
}
"""Modules that only the child loads: nothing else imports them."""

OURS = {
    "backoffice.core.backup": "writes an archive",
    "backoffice.reference.files": "shipped tables, and the packages that a developer makes them of",
    "exports.fragment.check": "a fragment just built",
    "exports.flux.writer": "stored fragments",
    "exports.lheo.structure": "a schema written in the module",
    "workflows.privacy.export": "writes an archive",
}
"""{module: what it opens, which is ours}"""

NAMED = re.compile(r"(?:backoffice|exports|forms|workflows)(?:\.\w+)+:\w+")


def opened(tree: ast.Module) -> set[str]:
    used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)}
    return used & OPENERS


def libraries(tree: ast.Module) -> set[str]:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        name
        for node in imports
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    return {name.partition(".")[0] for name in names} & set(LIBRARIES)


def test_only_the_modules_of_the_child_open_foreign_files():
    found = {name for name, (_, tree) in sources().items() if opened(tree) or libraries(tree)}
    assert found - CHILD == set(OURS)


def test_only_the_child_loads_its_modules():
    wrong = {f"{name} → {target}" for name in sources() for target in targets(name) & CHILD if name not in CHILD}
    assert wrong == set()


def test_the_functions_that_the_child_is_asked_for_exist():
    """A function is asked for by its name: no import would tell that it moved."""
    asked = {
        node.value
        for _, tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAMED.fullmatch(node.value)
    }
    assert len(asked) > 4
    for one in asked:
        module, name = one.split(":")
        assert module in CHILD
        assert callable(getattr(importlib.import_module(module), name))
