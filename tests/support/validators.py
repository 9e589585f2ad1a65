"""Three third-party validators of the published schema, applied to every flow that a test writes."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import xmlschema
from lxml import etree

from . import services

FORMATION = "{*}formation"
_SEEN: set[bytes] = set()


def valid_for_all(file: Path) -> None:
    """Raises AssertionError with the first message of the validator that rejects the flow. file: XML or gzip."""
    with NamedTemporaryFile(suffix=".xml") as plain:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as source:
            shutil.copyfileobj(source, plain)
        plain.flush()
        _lxml(plain.name)
        _xmllint(plain.name)
        _xmlschema(plain.name)


@cache
def published() -> Path:
    return services.SHARED / "lheo" / "lheo-2.3.xsd"


@cache
def _libxml2() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(published()))


@cache
def _python() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(published())


def _lxml(name: str) -> None:
    _libxml2().assertValid(etree.parse(name))


def _xmllint(name: str) -> None:
    command = ["xmllint", "--stream", "--noout", "--schema", str(published()), name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]


def _xmlschema(name: str) -> None:
    """Slow (some ms per formation): formations already accepted, byte for byte, are removed first."""
    root = etree.parse(name).getroot()
    first, *others = [(etree.tostring(node, method="c14n"), node) for node in root.iterfind(f".//{FORMATION}")]
    shown = {first[0]}
    for text, node in others:
        if text in _SEEN | shown:
            node.getparent().remove(node)
        shown.add(text)
    error = next(_python().iter_errors(root), None)
    assert error is None, str(error)[:2000]
    _SEEN.update(shown)
