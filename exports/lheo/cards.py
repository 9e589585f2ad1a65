"""What a reader of the flows shows of one ``formation``: the types that ``consumers`` and its readers share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

Children = dict[str, list[etree._Element]]
"""{local name: children}, in document order."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a reader shows of one unit, as displayed; "" and () for what it does not show.

    actions: ranks, from 0, of the actions that it shows as one. point: latitude and longitude.
    """

    actions: tuple[int, ...]
    title: str = ""
    structure: str = ""
    audience: tuple[str, ...] = ()
    level: str = ""
    place: str = ""
    point: tuple[float, float] | None = None
    price: str = ""
    price_details: str = ""
    hours: str = ""
    mode: str = ""
    area: str = ""
    contact: str = ""
    website: str = ""
    conditions: str = ""
    description: str = ""
    link: str = ""
    updated: str = ""


LABELS = {
    "title": "Titre",
    "structure": "Structure",
    "audience": "Public",
    "level": "Niveau de français",
    "place": "Lieu",
    "point": "Point sur la carte",
    "price": "Prix",
    "price_details": "Précisions sur les frais",
    "hours": "Durée",
    "mode": "Sur place ou à distance",
    "area": "Zone",
    "contact": "Contact",
    "website": "Site internet",
    "conditions": "Conditions d’accès",
    "description": "Description",
    "link": "Lien",
    "updated": "Mise à jour",
}
"""{field of Card: label}, in display order."""


def rows(card: Card, fields: Iterable[str]) -> list[tuple[str, str]]:
    """(label, French text) of these fields; "" for what is not shown."""
    return [(LABELS[name], _words(name, getattr(card, name))) for name in fields]


def _words(name: str, value: Any) -> str:
    if name == "point":
        return "" if value is None else f"{value[0]:g} ; {value[1]:g}".replace(".", ",")
    if name == "updated" and len(value) == 8:
        return f"{value[6:]}/{value[4:6]}/{value[:4]}"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that a reader leaves out or changes. code: of ``consumers.RULES``.

    action: rank of the action concerned, None for the whole formation. other: rank of the action that it is merged
    with. told: a sentence on this case, after that of the rule.
    """

    code: str
    action: int | None = None
    other: int | None = None
    told: str = ""


@dataclass(slots=True)
class Shown:
    """Cards and losses of one reader for one formation. No card: the formation is left out."""

    cards: list[Card] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def lose(self, code: str, action: int | None = None, other: int | None = None, told: str = "") -> None:
        self.losses.append(Loss(code, action, other, told))


def children(element: etree._Element) -> Children:
    found: Children = {}
    for child in element:
        tag = child.tag
        if isinstance(tag, str):  # neither a comment nor an instruction
            found.setdefault(tag[tag.find("}") + 1 :], []).append(child)
    return found


@dataclass(frozen=True, slots=True)
class Tree:
    """A ``formation``, in the 2.3 namespace or without, its children, and its actions with theirs."""

    root: etree._Element
    parts: Children
    actions: list[tuple[etree._Element, Children]]

    @classmethod
    def of(cls, formation: etree._Element) -> Tree:
        parts = children(formation)
        return cls(formation, parts, [(action, children(action)) for action in parts.get("action", ())])


def text_of(element: etree._Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def text(parts: Children, name: str) -> str:
    """Text of the first child with this name; "" when there is none."""
    return text_of(parts[name][0]) if name in parts else ""


def descendants(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    return element.iter(*(f"{{*}}{name}" for name in names))


def descendant(element: etree._Element | None, name: str) -> str:
    """Text of the first descendant with this name; "" when there is none."""
    return "" if element is None else text_of(next(descendants(element, name), None))


def extra(parts: Children, info: str) -> list[etree._Element]:
    """The ``extra`` children of the ``extras`` with this ``info``."""
    return [node for extras in parts.get("extras", ()) if extras.get("info") == info for node in extras]


def address(node: etree._Element | None) -> str:
    """«2 rue Haute, bâtiment B»: the lines of the first address under a node."""
    found = None if node is None else next(descendants(node, "adresse"), None)
    return "" if found is None else ", ".join(filter(None, map(text_of, descendants(found, "ligne"))))


_LEVEL = re.compile(r"(?<![A-Za-z0-9])(alpha(?=bétisation|(?![A-Za-zé]))|[ABC][12](?:\.1)?(?![A-Za-z0-9]))")


def levels_in(words: str) -> str:
    """«alpha, A1, A2»: the CECRL levels that a text names, each once, in the order of the text."""
    return ", ".join(dict.fromkeys(_LEVEL.findall(words)))


def number(written: str) -> float | None:
    """The number; None when it cannot be read."""
    try:
        return float(written.replace(",", "."))
    except ValueError:
        return None
