"""Reads the values of one LHEO element and records which were used, to list the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from lxml import etree

from backoffice.core.text import clean
from backoffice.models.values import telephones
from backoffice.models.values.cells import says_nothing
from exports.fragment.build import OUR_PAGE
from exports.lheo.faults import local_name
from exports.lheo.grammar import NAMESPACE

from .reading import plain

_SILENT = frozenset({"type-contact", OUR_PAGE})
"""Elements, or ``info``, whose value says nothing of the fiche: an unread one is not reported."""

_USUAL = {
    "code-niveau-entree": ("0", "1"),
    "code-niveau-sortie": ("0", "1"),
    "objectif-general-formation": ("5", "6"),
    "parcours-de-formation": ("1", "2", "3", "4"),
    "certifiante": ("0", "1"),
    "pays": ("FR", "France"),
    "langue-formation": ("FR", "fr"),
    "referentiel": ("CECRL",),
    "contrat-apprentissage": ("0",),
    "contrat-professionnalisation": ("0",),
}
"""{element or ``info``: the values that our export writes for every fiche, or that say no}: these are not reported."""
_SHORT = 3
"""Characters. A shorter text may be equal to a value of the content by chance."""

Node: TypeAlias = "etree._Element"


def tag(path: str) -> str:
    """``a/b`` in the namespace of LHEO 2.3."""
    return "/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/"))


class Source:
    """Reads the texts of a ``formation`` and records the elements read in `taken`.

    exact: the file is our own export, texts are taken unchanged; else HTML becomes text, blanks are cleaned, and what
    says nothing is empty.
    """

    def __init__(self, root: Node, *, exact: bool):
        self.root = root
        self.exact = exact
        self.taken: set[Node] = set()

    def all(self, node: Node, path: str) -> Iterator[Node]:
        return iter(node.iterfind(tag(path)))

    def text(self, node: Node | None, path: str = "", *, lines: bool = False) -> str:
        """The text of the first element at `path`; "" when there is none. lines: keep line breaks."""
        found = node if not path or node is None else node.find(tag(path))
        if found is None:
            return ""
        self.taken.add(found)
        text = "".join(found.itertext())
        if self.exact:
            return text
        text = clean(plain(text), multiline=lines)
        return "" if says_nothing(text) else text

    def extras(self, node: Node, info: str) -> Node | None:
        """The first child ``extras`` with this ``info``, or None."""
        return next((extras for extras in self.all(node, "extras") if extras.get("info") == info), None)

    def word(self, extras: Node | None, info: str) -> str:
        return next(iter(self.extra_texts(extras, info)), "")

    def extra_texts(self, extras: Node | None, info: str) -> list[str]:
        return [self.text(extra) for extra in self.extra_nodes(extras, info)]

    def extra_nodes(self, extras: Node | None, info: str) -> list[Node]:
        return [] if extras is None else [node for node in self.all(extras, "extra") if node.get("info") == info]

    def release(self, node: Node | None) -> None:
        """Reports an element although it was read: its value was not kept."""
        if node is not None:
            self.taken.discard(node)

    def left(self, kept: set[str]) -> dict[str, list[str]]:
        """{element name or ``info``: texts} of what was not read, is not in `kept` and is not written by the export.

        A telephone is in `kept` in its stored form.
        """
        found: dict[str, list[str]] = {}
        for node in self.root.iter(etree.Element):
            text = (node.text or "").strip()
            if not text or node in self.taken or len(node) or _expected(node, text):
                continue
            if {text, telephones.stored(text)} & kept and (self.exact or len(text) > _SHORT):
                continue
            texts = found.setdefault(node.get("info") or local_name(node), [])
            if text not in texts:
                texts.append(text)
        return found


def _expected(node: Node, text: str) -> bool:
    name = node.get("info") or local_name(node)
    return name in _SILENT or text in _USUAL.get(name, ())
