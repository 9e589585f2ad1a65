"""Our schema and the published one give the same verdict on thousands of random documents."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import pytest
from lxml import etree

from exports.lheo.grammar import ELEMENTS, Element
from exports.lheo.schema import build, schema, validate
from exports.lheo.structure import structure_faults
from tests.support.lheo_generator import MUTATIONS, mutate, valid_document

DOCUMENTS = int(os.environ.get("RELAIS_ORACLE_DOCUMENTS", "20000"))
LOTS = 8  # so that several processes can share the work


def documents(seed: str, number: int) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    """Give documents as bytes, each with the names of the mutations it went through, often none."""
    for index in range(number):
        random = Random(f"{seed}-{index}")
        root, mutations = valid_document(random), []
        for _ in range(random.choice((0, 0, 1, 1, 2))):
            root, name = mutate(random, root)
            mutations.append(name)
        yield etree.tostring(root), tuple(mutations)


@pytest.mark.parametrize("lot", range(LOTS))
def test_same_verdict_as_the_published_schema(published: etree.XMLSchema, lot: int) -> None:
    """Each document is read afresh for each verdict: libxml2 remembers the identifiers it has seen."""
    valid = total = 0
    for written, mutations in documents(f"lot-{lot}", DOCUMENTS // LOTS):
        expected = published.validate(etree.fromstring(written))
        assert schema().validate(etree.fromstring(written)) is expected, (mutations, written)
        root = etree.fromstring(written)
        walked = structure_faults(root)
        assert bool(walked) is not expected, (mutations, walked, written)
        assert bool(validate(root)) is not expected, (mutations, written)
        assert mutations or expected, ("the generator no longer writes valid documents", written)
        valid += expected
        total += 1
    assert total
    assert 0.2 <= valid / total <= 0.8, f"{valid} valid documents out of {total}: the comparison says little"


def test_each_mutation_makes_mistakes(published: etree.XMLSchema) -> None:
    """A mutation that never broke anything would test nothing."""
    broken: Counter[str] = Counter()
    for name, mutation in MUTATIONS.items():
        for index in range(25):
            random = Random(f"{name}-{index}")
            root = valid_document(random, "formation")
            changed = mutation(random, root)
            written = etree.tostring(root if changed is None else changed)
            broken[name] += not published.validate(etree.fromstring(written))
    assert [name for name in MUTATIONS if not broken[name]] == []


def _fewer_publics(action: Element) -> Element:
    places = (replace(p, maximum=9) if p.name == "code-public-vise" else p for p in action.children)
    return replace(action, children=tuple(places))


def _nothing_compulsory(formation: Element) -> Element:
    return replace(formation, children=tuple(replace(place, minimum=0) for place in formation.children))


def _first_two_swapped(formation: Element) -> Element:
    first, second, *others = formation.children
    return replace(formation, children=(second, first, *others))


def _shorter(text: Element) -> Element:
    return replace(text, limits=(1, 254))


def _last_code_missing(key: Element) -> Element:
    return replace(key, codes=key.codes[:-1])


@pytest.mark.parametrize(
    ("name", "slip"),
    [
        ("action", _fewer_publics),
        ("formation", _nothing_compulsory),
        ("formation", _first_two_swapped),
        ("contact-formation", _first_two_swapped),
        ("modalites-inscription", _shorter),
        ("parcours-de-formation", _last_code_missing),
    ],
)
def test_a_slip_in_the_grammar_would_be_seen(
    published: etree.XMLSchema, name: str, slip: Callable[[Element], Element]
) -> None:
    """The same comparison, with a grammar that is wrong on one point, finds a difference."""
    wrong = etree.XMLSchema(build(ELEMENTS | {name: slip(ELEMENTS[name])}))
    for index in range(600):
        random = Random(f"slip-{index}")
        root = valid_document(random, "formation")
        if index % 2:
            root, _ = mutate(random, root)
        written = etree.tostring(root)
        if wrong.validate(etree.fromstring(written)) is not published.validate(etree.fromstring(written)):
            return
    pytest.fail("the comparison did not see the slip")
