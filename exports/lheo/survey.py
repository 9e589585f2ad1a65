"""One pass over each formation: what the rules refuse, and which elements people fill in.

Each element is looked at once, in plain Python, so what is done here is done millions of times for a
national flow: no path and no search where nothing is wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from .business_rules import EVERY_ELEMENT, EVERY_TEXT, Document, Rule, by_tag
from .faults import Fault, Paths, quoted
from .grammar import NAMESPACE
from .structure import collapsed

UNITS = {"/formation": "formation", "/formation/action": "action", "/formation/action/session": "session"}
"""What is counted in a flow, by its path. The rate of an element is its share of the units it belongs to."""

MOST_IDENTIFIERS = 200_000  # remembered through a file; the national flow has none
MOST_PLACES = 5_000  # of different paths: LHEO has some 900 that people use
_IDENTIFIED = etree.XPath("descendant-or-self::*[@id or @idref]")
_ORPHAN = {tag: next(rule for rule in rules if rule.code == EVERY_ELEMENT) for tag, rules in by_tag().items()}

Remark = tuple[etree._Element, str, str, str]


@dataclass(slots=True)
class Usage:
    """How an element is used at one place of the tree.

    ``unit`` is what it belongs to, ``inner`` what its children belong to. ``filled`` counts the elements
    that hold something, ``units`` the units that hold at least one of them.
    """

    path: str
    unit: str
    inner: str
    rules: tuple[Rule, ...] = ()
    blank: Rule | None = None
    children: dict[str, "Usage"] = field(default_factory=dict)
    filled: int = 0
    units: int = 0
    last: int = 0

    def child(self, tag: str) -> "Usage":
        """Make the place of a child that is met for the first time."""
        path = f"{self.path}/{tag.rpartition('}')[2]}"
        rules = by_tag().get(tag, ())
        made = Usage(
            path,
            self.inner,
            UNITS.get(path, self.inner),
            tuple(rule for rule in rules if rule.code not in (EVERY_TEXT, EVERY_ELEMENT)),
            next((rule for rule in rules if rule.code == EVERY_TEXT), None),
        )
        self.children[tag] = made
        return made


class Survey:
    """The formations of one file, looked at one after the other."""

    def __init__(self) -> None:
        self.root = Usage("", "", "").child(f"{{{NAMESPACE}}}formation")
        self.counts = dict.fromkeys(UNITS.values(), 0)
        self._identifiers: set[str] = set()
        self._awaited: list[tuple[str, Fault]] = []
        self._places = 0

    def formation(self, element: etree._Element, where: str) -> list[Fault]:
        """Return what the rules refuse in the formation at this path; count what it holds."""
        remarks: list[Remark] = []
        document = Document(element, False, frozenset())
        self.counts["formation"] += 1
        _look(element, self.root, document, remarks)
        self._walk(element, self.root, document, remarks)
        if not remarks:
            return self.identified(element, where)
        paths = Paths(element, where)
        return [paths.fault(*remark) for remark in remarks] + self.identified(element, where)

    def identified(self, root: etree._Element, where: str) -> list[Fault]:
        """Remember the identifiers of the part of the file at this path; return those already taken by another."""
        faults: list[Fault] = []
        carriers = _IDENTIFIED(root)
        if not carriers:
            return faults
        paths = Paths(root, where)
        own: set[str] = set()
        document = Document(root, False, frozenset())
        for carrier in carriers:
            if (name := carrier.get("id")) is not None:
                own.add(collapsed(name))
                if collapsed(name) in self._identifiers:
                    message = f"L’identifiant {quoted(name)} est déjà pris dans ce document. Donnez-en un autre."
                    faults.append(paths.fault(carrier, "attribut-forme", message, "/@id"))
            if carrier.tag in _ORPHAN and len(self._awaited) < MOST_IDENTIFIERS:
                for message, suffix in _ORPHAN[carrier.tag].check(carrier, document):
                    fault = paths.fault(carrier, EVERY_ELEMENT, message, suffix)
                    self._awaited.append((collapsed(carrier.get("idref")), fault))
        if len(self._identifiers) < MOST_IDENTIFIERS:
            self._identifiers |= own
        return faults

    def orphans(self) -> Iterator[Fault]:
        """Give, when all is read, the references that lead nowhere; none if identifiers were too many to keep."""
        if len(self._identifiers) < MOST_IDENTIFIERS:
            yield from (fault for target, fault in self._awaited if target not in self._identifiers)

    def usages(self) -> Iterator[Usage]:
        """Give each place of the tree that was met filled in: a parent before its children."""
        waiting = list(self.root.children.values())[::-1]
        while waiting:
            usage = waiting.pop()
            if usage.filled:
                yield usage
            waiting += list(usage.children.values())[::-1]

    def _walk(self, parent: etree._Element, usage: Usage, document: Document, remarks: list[Remark]) -> None:
        known, counts = usage.children, self.counts
        for child in parent:
            tag = str(child.tag)
            place = known.get(tag)
            if place is None:
                if self._places >= MOST_PLACES:
                    continue
                self._places += 1
                place = usage.child(tag)
            if place.inner is not place.unit:
                counts[place.inner] += 1
            text = child.text
            if len(child):
                self._walk(child, place, document, remarks)
            elif text is None or text.isspace():
                if text and place.blank is not None:
                    remarks += [(child, EVERY_TEXT, *said) for said in place.blank.check(child, document)]
                if place.rules:
                    _look(child, place, document, remarks)
                continue
            place.filled += 1
            if place.last != counts[place.unit]:
                place.last = counts[place.unit]
                place.units += 1
            if place.rules:
                _look(child, place, document, remarks)


def _look(element: etree._Element, usage: Usage, document: Document, remarks: list[Remark]) -> None:
    for rule in usage.rules:
        remarks += [(element, rule.code, *said) for said in rule.check(element, document)]
