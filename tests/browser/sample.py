"""Reads a published sample flow as a person would copy it by hand: words, without tags nor codes.

Nothing of the samples is written in the project: they are read when the tests run.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lxml import etree

from backoffice.models.values.telephones import shown

CODED = {
    "numero-activite": "eleven zeros: the structure has none",
    "code-FORMACODE": "a box to tick",
    "code-public-vise": "boxes to tick",
    "certifiante": "follows from what the action prepares to",
    "parcours-de-formation": "follows from the groups",
    "code-niveau-entree": "always «no specific level»: the language levels say it",
    "code-niveau-sortie": "the same",
    "objectif-general-formation": "follows from what the action prepares to",
    "type-contact": "always the reception",
    "niveau-entree-obligatoire": "a box to tick",
    "modalites-enseignement": "a choice",
    "prise-en-charge-frais-possible": "a box to tick",
    "modalites-entrees-sorties": "a choice",
    "etat-recrutement": "a choice",
    "conventionnement": "a choice",
    "code-financeur": "a choice",
    "departement": "comes from the town",
    "region": "comes from the town",
    "pays": "comes from the town",
    "code-INSEE-commune": "comes from the town",
    "latitude": "nobody types it",
    "longitude": "nobody types it",
    "extra": "codes of the publisher",
    "debut": "dates are checked as dates",
    "fin": "dates are checked as dates",
}
"""Elements of a sample that carry no word, and why."""


def plain(text: str) -> str:
    """The words of an element: entities and HTML tags gone, paragraphs kept as lines."""
    text = re.sub(r"<(br|/p|/li)\b[^>]*>", "\n", html.unescape(text))
    return re.sub(r"<[^>]+>", "", text).strip()


def squeezed(text: str) -> str:
    """For comparing words whatever the blanks between them."""
    return " ".join(text.split())


REAL = {"0700000000": "0612345678"}
"""{number of the published documents that the plan does not know: the one that is typed instead}."""


@dataclass
class Sample:
    """One formation. Paths are LHEO names from ``formation``, the first of each taken."""

    root: etree._Element

    @classmethod
    def read(cls, file: Path) -> Sample:
        tree = etree.parse(file)
        for node in tree.iter(etree.Element):
            node.tag = etree.QName(node).localname
        for node in tree.iter("numtel"):
            node.text = shown(REAL.get(str(node.text), str(node.text)))
        found = tree.find(".//formation")
        assert found is not None
        return cls(found)

    def __call__(self, path: str) -> str:
        return plain(self.root.findtext(path) or "")

    def codes(self, path: str) -> list[str]:
        return [node.text or "" for node in self.root.findall(path)]

    def day(self, path: str) -> date:
        return date.fromisoformat(self(path))

    def words(self, *without: str) -> list[tuple[str, str]]:
        """(name of the element, its words) of all that a person copies, in document order.

        without: paths of parts that nobody copies.
        """
        left = {node for path in without for part in self.root.findall(path) for node in part.iter()}
        leaves = [node for node in self.root.iter(etree.Element) if not len(node) and node not in left]
        pairs = [(str(node.tag), plain(node.text or "")) for node in leaves]
        return [(name, text) for name, text in pairs if text and name not in CODED]


ALSO = {
    "denomination": ("ligne",),  # the building's name is the first line of the structure's address
    "ligne": ("nom",),  # a contact's line only says its name again
}
"""Where else in a flow the words of an element may stand."""


def lost(sample_words: list[tuple[str, str]], flow: etree._Element) -> list[tuple[str, str]]:
    """The words that stand nowhere in a flow where they belong: [] when all were kept."""
    written: dict[str, list[str]] = {}
    for node in flow.iter(etree.Element):
        written.setdefault(etree.QName(node).localname, []).append(squeezed(node.text or "").casefold())
    return [
        (name, text)
        for name, text in sample_words
        if not any(
            squeezed(text).casefold() in found
            for element in (name, *ALSO.get(name, ()))
            for found in written.get(element, [])
        )
    ]
