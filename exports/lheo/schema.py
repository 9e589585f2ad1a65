"""The XML Schema of LHEO 2.3, built from the grammar, and the validation of documents with it.

It accepts and refuses the same documents as the published schema: the tests compare the two on thousands of
documents. It is shorter, with three groups of attributes instead of one for each element. The two differ only for a
document that refers to types of the published schema by ``xsi:type``.
"""

from functools import cache
from threading import Lock

from lxml import etree
from lxml.builder import ElementMaker

from .faults import Fault
from .grammar import (
    COMMON,
    DATE_LENGTH,
    DATE_PATTERN,
    DATED,
    DATED_ELEMENTS,
    ELEMENTS,
    LINKED,
    LINKED_ELEMENTS,
    NAMESPACE,
    Child,
    Element,
    Kind,
)
from .structure import structure_faults

_XS_NAMESPACE = "http://www.w3.org/2001/XMLSchema"
_XS = ElementMaker(namespace=_XS_NAMESPACE, nsmap={"xs": _XS_NAMESPACE})
_CONTAINERS = (Kind.SEQUENCE, Kind.CHOICE, Kind.ANY)
_GROUPS = {"communs": COMMON, "dates": DATED, "liens": LINKED}

# lxml stores the errors of a validation on the schema object, which threads share.
_one_at_a_time = Lock()


def build(elements: dict[str, Element] | None = None) -> etree._Element:
    """Return the schema as a tree. elements: those to describe; all of LHEO by default."""
    described = list((ELEMENTS if elements is None else elements).values())
    root = etree.Element(
        f"{{{_XS_NAMESPACE}}}schema",
        {"targetNamespace": NAMESPACE, "elementFormDefault": "qualified"},
        nsmap={"xs": _XS_NAMESPACE, "lheo": NAMESPACE},
    )
    for group, attributes in _GROUPS.items():
        members = (_XS.attribute(name=name, type=f"xs:{kind}") for name, kind in attributes.items())
        root.append(_XS.attributeGroup(*members, name=group))
    # Elements of the same shape share a value type: « texte-1-3000 », « table-boolean », « date ».
    values = {_value_name(element): element for element in described if element.kind not in _CONTAINERS}
    for name, element in values.items():
        base, facets = _facets(element)
        root.append(_XS.simpleType(_XS.restriction(*facets, base=base), name=name))
    for element in described:
        root.append(_XS.element(_type(element), name=element.name))
    return root


@cache
def schema() -> etree.XMLSchema:
    """Return the compiled schema, cached for the process."""
    return etree.XMLSchema(build())


def validate(root: etree._Element) -> list[Fault]:
    """Return the faults of a document, or of one of its elements, against the schema; empty when it is valid.

    The schema alone decides. When it refuses, our own walk gives the faults, because it continues after the first
    misplaced element; if the walk finds none, the messages of libxml2 are returned.
    """
    compiled = schema()
    with _one_at_a_time:
        if compiled.validate(root):
            return []
        errors = list(compiled.error_log)
    return structure_faults(root) or [_translated(error) for error in errors]


def _translated(error: etree._LogEntry) -> Fault:
    said = error.message.replace(f"{{{NAMESPACE}}}", "")
    message = (
        f"Le schéma LHEO 2.3 refuse cet élément et dit en anglais «\u00a0{said.strip()}\u00a0». "
        "Corrigez-le, ou retirez-le s’il est facultatif."
    )
    return Fault(error.path or "/", "schema", message, error.line or None)


def _type(element: Element) -> etree._Element:
    attributes = _attributes(element)
    if element.kind is Kind.SEQUENCE:
        places = (part for child in element.children for part in _place(child))
        return _XS.complexType(_XS.sequence(*places), *attributes)
    if element.kind is Kind.CHOICE:
        names = (_XS.element(ref=f"lheo:{child.name}") for child in element.children)
        return _XS.complexType(_XS.choice(*names, minOccurs="0", maxOccurs="unbounded"), *attributes)
    if element.kind is Kind.ANY:
        return _XS.complexType(_XS.complexContent(_XS.extension(*attributes, base="xs:anyType")))
    return _XS.complexType(_XS.simpleContent(_XS.extension(*attributes, base=f"lheo:{_value_name(element)}")))


def _value_name(element: Element) -> str:
    if element.limits is not None:
        return "texte-{}-{}".format(*element.limits)
    return f"table-{element.table}" if element.kind is Kind.KEY else str(element.kind)


def _place(child: Child) -> list[etree._Element]:
    """Return the particles of a child, without occurrence counters where possible.

    ``ligne{1,4}`` becomes ligne (ligne (ligne (ligne)?)?)?. libxml2 compiles a content model to a plain state table
    only if it has no counter: validating a flow is then a fifth faster.
    """
    name = f"lheo:{child.name}"
    if child.maximum is None or child.maximum == 1:
        maximum = "unbounded" if child.maximum is None else "1"
        return [_XS.element(ref=name, minOccurs=str(child.minimum), maxOccurs=maximum)]
    optional = None
    for _ in range(child.maximum - child.minimum):
        inner: list[etree._Element] = [] if optional is None else [optional]
        optional = _XS.sequence(_XS.element(ref=name), *inner, minOccurs="0")
    compulsory = [_XS.element(ref=name) for _ in range(child.minimum)]
    return compulsory if optional is None else [*compulsory, optional]


def _facets(element: Element) -> tuple[str, list[etree._Element]]:
    """Return the base type of a simple content and the facets that restrict it."""
    if element.limits is not None:
        low, high = element.limits
        return "xs:string", [_XS.minLength(value=str(low)), _XS.maxLength(value=str(high))]
    if element.kind is Kind.KEY:
        return "xs:token", [_XS.enumeration(value=code) for code in element.codes]
    if element.kind is Kind.DATE:
        return "xs:token", [_XS.length(value=str(DATE_LENGTH)), _XS.pattern(value=DATE_PATTERN)]
    return "xs:long", []


def _attributes(element: Element) -> list[etree._Element]:
    groups = ["communs"]
    groups += ["dates"] * (element.name in DATED_ELEMENTS)
    groups += ["liens"] * (element.name in LINKED_ELEMENTS)
    return [_XS.attributeGroup(ref=f"lheo:{group}") for group in groups]
