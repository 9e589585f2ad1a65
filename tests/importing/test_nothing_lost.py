"""Every value that LHEO 2.3 can carry comes out of an import again, or is named in its report."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from lxml import etree

from backoffice.models.values.cells import says_nothing
from backoffice.models.values.telephones import shown
from exports.fragment.build import formation
from exports.importing.lheo import read_formation
from exports.importing.reading import SHOWN, plain
from exports.lheo.grammar import ELEMENTS, NAMESPACE, Kind
from exports.lheo.reader import read_formations
from tests.flux.test_fragment import IDENTITY

GENERATED = {"type-contact", "certifiante", "code-niveau-entree", "code-niveau-sortie"}
"""Elements that our export writes by itself, and whose value says nothing more to the readers of a fiche."""


def every_element(times: int) -> etree._Element:
    """A formation with every element that the standard allows, the repeatable ones several times; all texts differ."""
    numbers = count(100)

    def made(name: str) -> etree._Element:
        known = ELEMENTS[name]
        node = etree.Element(f"{{{NAMESPACE}}}{name}", nsmap={None: NAMESPACE})
        if known.children:
            for child in known.children:
                for _ in range(times if child.maximum != 1 else 1):
                    if child.name != "extras":
                        node.append(made(child.name))
        elif known.codes:
            node.text = known.codes[-1]
        elif known.kind is Kind.ANY:
            node.text = f"texte {next(numbers)}"
        else:
            node.text = f"v{next(numbers)}x"
        return node

    return made("formation")


def bare(text: str) -> str:
    """HTML read as text, blanks as one space."""
    return " ".join(plain(text).split())


def lost(root: etree._Element) -> list[str]:
    """The elements whose value is neither exported again nor quoted in a remark, nor named there for a code."""
    read = read_formation(root, "ligne 1")
    identity = replace(IDENTITY, dispositif=read.dispositif or IDENTITY.dispositif)
    out = [bare(node.text or "") for node in formation(read.content, identity).iter(etree.Element)]
    exported = " ".join(out)
    quoted = bare(" ".join(remark.quote for remark in read.remarks))
    named = " ".join(remark.message for remark in read.remarks)
    missing = []
    for node in root.iter(etree.Element):
        name, text = etree.QName(node).localname, bare(node.text or "")
        if len(node) or says_nothing(text) or name in GENERATED:
            continue
        code = name in ELEMENTS and bool(ELEMENTS[name].codes)
        known = text in exported or shown(text) in exported or text[: SHOWN - 1] in quoted
        if not known or (code and text not in out and name not in named):
            missing.append(f"{etree.QName(node.getparent()).localname}/{node.get('info') or name} {text}")
    return missing


@pytest.mark.parametrize("times", [1, 2])
def test_every_value_of_the_standard_comes_out_again_or_is_named(app, times):
    assert lost(every_element(times)) == []


def test_every_value_of_the_published_documents_comes_out_again_or_is_named(app, shared):
    files = [*(shared / "lheo").glob("*/*.xml"), *(shared / "cases").glob("c*.xml")]
    assert len(files) > 15
    for file in files:
        for element, _ in read_formations(file):
            assert lost(element) == [], file.name
