"""Elements as plain JSON, between the child process that parses a foreign file and the one that reads its values."""

from typing import Any

from lxml import etree

from .grammar import NAMESPACE

_PREFIX = f"{{{NAMESPACE}}}"


def packed(element: etree._Element) -> list[Any]:
    """[name, attributes, text, children, tail]. A name without namespace is one of LHEO 2.3."""
    tag = str(element.tag)
    name = tag.removeprefix(_PREFIX) if tag.startswith(_PREFIX) else f"{{}}{tag}" if tag[0] != "{" else tag
    children = [packed(child) for child in element.iterchildren(etree.Element)]
    return [name, dict(element.attrib), element.text, children, element.tail]


def built(packed_: list[Any]) -> etree._Element:
    """The element of `packed`, without its own tail."""
    name, attributes, text, children, _ = packed_
    root = etree.Element(_tag(name), attributes, nsmap={None: NAMESPACE})
    root.text = text
    _fill(root, children)
    return root


def _fill(parent: etree._Element, children: list[list[Any]]) -> None:
    for name, attributes, text, own, tail in children:
        child = etree.SubElement(parent, _tag(name), attributes)
        child.text, child.tail = text, tail
        _fill(child, own)


def _tag(name: str) -> str:
    return name.removeprefix("{}") if name.startswith("{") else _PREFIX + name
