"""The grammar holds the facts of LHEO 2.3: compared, structure by structure, with what is published."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest
from lxml import etree

from exports.lheo.grammar import (
    DATE_LENGTH,
    DATE_PATTERN,
    ELEMENTS,
    NAMESPACE,
    Child,
    Kind,
    UnknownNameError,
    bounds,
    limit,
    occurs,
    resolve,
    table,
)
from exports.lheo.schema import build, schema
from exports.lheo.tables import KEYS, TABLES

XS = "{http://www.w3.org/2001/XMLSchema}"
EVERY_NAME = sorted(ELEMENTS)


class Published:
    """The published schema, read as facts: what each element is made of."""

    def __init__(self, folder: Path) -> None:
        self.root = etree.parse(folder / "lheo-2.3.xsd").getroot()
        self.parts = {(part.tag.removeprefix(XS), part.get("name")): part for part in self.root}

    def names(self) -> list[str]:
        return [element.get("name") for element in self.root.findall(f"{XS}element")]

    def attributes(self, name: str) -> dict[str, str]:
        group = self.parts["attributeGroup", f"{name}-attributes"]
        assert all(attribute.get("use") is None for attribute in group), "an attribute became compulsory"
        return {attribute.get("name"): attribute.get("type").removeprefix("xs:") for attribute in group}

    def particle(self, name: str) -> tuple[str, list[etree._Element]]:
        """Return sequence, choice or any, and the places inside."""
        described = self.parts.get(("complexType", f"{name}-subtype"))
        if described is None:
            base = self.parts["complexType", f"{name}-type"].find(f".//{XS}extension").get("base")
            assert base == "xs:anyType"
            return "any", []
        (only,) = described
        return only.tag.removeprefix(XS), list(only)

    def is_simple(self, name: str) -> bool:
        return ("simpleType", f"{name}-subtype") in self.parts

    def facets(self, name: str) -> tuple[str, list[tuple[str, str]]]:
        (restriction,) = self.parts["simpleType", f"{name}-subtype"]
        facets = [(facet.tag.removeprefix(XS), facet.get("value")) for facet in restriction]
        return restriction.get("base").removeprefix("xs:"), facets


@pytest.fixture(scope="module")
def facts(lheo_facts: Path) -> Published:
    return Published(lheo_facts)


@pytest.fixture(scope="module")
def rows(lheo_facts: Path) -> dict[str, list[dict[str, str]]]:
    """Give the rows of the list of elements, by parent, in order."""
    by_parent = defaultdict(list)
    with (lheo_facts / "elements-2.3.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_parent[row["parent"]].append(row)
    return {parent: sorted(found, key=lambda row: int(row["order"])) for parent, found in by_parent.items()}


# --- against the published schema


def test_the_170_elements_and_no_other(facts: Published) -> None:
    assert len(ELEMENTS) == 170
    assert sorted(facts.names()) == EVERY_NAME
    assert facts.root.get("targetNamespace") == NAMESPACE


@pytest.mark.parametrize("name", EVERY_NAME)
def test_element_as_published(facts: Published, name: str) -> None:
    known = ELEMENTS[name]
    assert known.attributes == facts.attributes(name)
    if facts.is_simple(name):
        assert known.children == ()
        base, facets = facts.facets(name)
        expected_base, expected_facets = expected_simple(name)
        assert (base, facets) == (expected_base, expected_facets)
        return
    kind, places = facts.particle(name)
    assert known.kind == kind
    if kind == "choice":
        assert {place.get("ref") for place in places} == {f"lheo:{child.name}" for child in known.children}
        assert places[0].getparent().get("maxOccurs") == "unbounded"
        assert places[0].getparent().get("minOccurs") == "0"
    else:
        assert [as_child(place) for place in places] == list(known.children)


def expected_simple(name: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the base type and the facets that the grammar's facts make, written as published."""
    known = ELEMENTS[name]
    if known.limits:
        low, high = known.limits
        return "string", [("minLength", str(low))] * (low > 0) + [("maxLength", str(high))]
    if known.kind is Kind.KEY:
        return "token", [("enumeration", code) for code in known.codes]
    if known.kind is Kind.DATE:
        return "token", [("length", str(DATE_LENGTH)), ("pattern", DATE_PATTERN)]
    assert known.kind is Kind.INTEGER
    return "long", []


def as_child(place: etree._Element) -> Child:
    assert place.tag == f"{XS}element"
    maximum = place.get("maxOccurs", "1")
    return Child(
        place.get("ref").removeprefix("lheo:"),
        int(place.get("minOccurs", "1")),
        None if maximum == "unbounded" else int(maximum),
    )


# --- against the lists of elements and of tables


def test_children_as_listed(rows: dict[str, list[dict[str, str]]]) -> None:
    listed = {
        parent: tuple(
            Child(row["child"], int(row["min"]), None if row["max"] == "N" else int(row["max"])) for row in found
        )
        for parent, found in rows.items()
    }
    assert listed == {name: element.children for name, element in ELEMENTS.items() if element.children}


def test_kind_lengths_bounds_and_tables_as_listed(rows: dict[str, list[dict[str, str]]]) -> None:
    kinds = {
        "sequence": Kind.SEQUENCE,
        "choice": Kind.CHOICE,
        "basic_text": Kind.TEXT,
        "basic_key": Kind.KEY,
        "basic_int": Kind.INTEGER,
        "basic_date": Kind.DATE,
        "basic_any": Kind.ANY,
    }
    seen = set()
    for row in (row for found in rows.values() for row in found):
        known = ELEMENTS[row["child"]]
        seen.add(known.name)
        assert known.kind is kinds[row["child_type"]], row
        numbers = (int(row["lgmin"]), int(row["lgmax"])) if row["lgmin"] else None
        assert known.limits == (numbers if known.kind is Kind.TEXT else None), row
        assert known.bounds == (numbers if known.kind is Kind.INTEGER else None), row
        assert (f"dict-{known.table}" if known.table else "") == row["dict"], row
    assert set(ELEMENTS) - seen == {"lheo-index", "lheo-plus"}, "only two roots are nobody's child"


def test_the_19_tables_as_listed(lheo_facts: Path) -> None:
    listed = defaultdict(list)
    with (lheo_facts / "tables-2.3.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            listed[row["table"].removeprefix("dict-")].append(row["code"])
    assert len(TABLES) == 19
    assert {name: tuple(codes) for name, codes in listed.items()} == TABLES


# --- our own schema


def test_schema_is_built_once_and_describes_every_element() -> None:
    assert schema() is schema()
    assert sorted(element.get("name") for element in build().findall(f"{XS}element")) == EVERY_NAME


def test_no_sequence_takes_the_same_child_in_two_places() -> None:
    """The walk that explains faults finds a child's place by its name."""
    for element in ELEMENTS.values():
        names = [child.name for child in element.children]
        assert len(names) == len(set(names)), element.name


# --- what the other modules ask


@pytest.mark.parametrize(
    "path",
    [
        "rythme-formation",
        "formation/action/rythme-formation",
        "/lheo/offres/formation[1]/action[2]/rythme-formation",
    ],
)
def test_limit_of_the_last_step(path: str) -> None:
    assert limit(path) == (1, 3000)
    assert resolve(path) is ELEMENTS["rythme-formation"]


def test_bounds_of_a_number() -> None:
    assert bounds("organisme-financeur/nb-places-financees") == (0, 99999)
    assert bounds("action/duree-cycle") == (0, 99)


def test_occurs() -> None:
    assert occurs("formation", "intitule-formation") == (1, 1)
    assert occurs("action", "code-public-vise") == (1, 10)
    assert occurs("formation", "action") == (1, None)
    assert occurs("extras", "extra") == (0, None)


@pytest.mark.parametrize("name", ["niveaux", "code-niveau-entree", "formation/code-niveau-sortie"])
def test_table_by_its_name_or_by_an_element(name: str) -> None:
    assert table(name) == TABLES["niveaux"]


def test_a_table_and_an_element_of_the_same_name_are_one() -> None:
    assert all(KEYS.get(name, name) == name for name in TABLES)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: limit("formation/rythme-formation"), "LHEO 2.3 has no rythme-formation in formation"),
        (lambda: limit("formation/action/rythme"), "LHEO 2.3 has no rythme in action"),
        (lambda: limit("dispositif"), "LHEO 2.3 has no element dispositif"),
        (lambda: limit(""), "LHEO 2.3 has no element "),
        (lambda: occurs("dispositif", "extras"), "LHEO 2.3 has no element dispositif"),
        (lambda: occurs("periode-inscription", "extras"), "LHEO 2.3 has no extras in periode-inscription"),
        (lambda: table("intitule-formation"), "LHEO 2.3 has no table intitule-formation"),
        (lambda: table("formation/certifiant"), "LHEO 2.3 has no certifiant in formation"),
    ],
)
def test_unknown_names_are_said(ask, said: str) -> None:
    with pytest.raises(UnknownNameError) as raised:
        ask()
    assert str(raised.value) == said
    assert isinstance(raised.value, KeyError)


@pytest.mark.parametrize("ask", [lambda: limit("formation/action"), lambda: bounds("formation/certifiante")])
def test_an_element_of_another_kind_has_no_such_limit(ask) -> None:
    with pytest.raises(ValueError, match="formation"):
        ask()
