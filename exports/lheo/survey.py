"""One pass over each formation: faults against the business rules, and fill rate of the elements.

Each element is visited once, in Python, millions of times for a national flow: paths are computed and searches done
only for faults.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from .business_rules import EVERY_ELEMENT, EVERY_TEXT, Document, Rule, by_tag
from .faults import Fault, Paths, quoted
from .grammar import NAMESPACE
from .structure import collapsed

UNITS = {"/formation": "formation", "/formation/action": "action", "/formation/action/session": "session"}
"""{path: unit}. The fill rate of an element is the share of its units that contain it."""

MOST_IDENTIFIERS = 200_000  # kept in memory for a file; the national flow has none
MOST_PLACES = 5_000  # different paths; some 900 are used in practice
_IDENTIFIED = etree.XPath("descendant-or-self::*[@id or @idref]")
_ORPHAN = {tag: next(rule for rule in rules if rule.code == EVERY_ELEMENT) for tag, rules in by_tag().items()}

Remark = tuple[etree._Element, str, str, str]


@dataclass(slots=True)
class Usage:
    """Usage of an element at one path.

    ``unit`` is the unit of the element, ``inner`` that of its children. ``filled`` counts the elements with
    content, ``units`` the units that contain at least one of them; ``last`` is the rank of the last such unit.
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
        """Create the usage of a child, at its first occurrence."""
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
    """Survey of the formations of one file, given one after the other."""

    def __init__(self) -> None:
        self.root = Usage("", "", "").child(f"{{{NAMESPACE}}}formation")
        self.counts = dict.fromkeys(UNITS.values(), 0)
        self._identifiers: set[str] = set()
        self._awaited: list[tuple[str, Fault]] = []
        self._places = 0

    def formation(self, element: etree._Element, where: str) -> list[Fault]:
        """Return the faults of the formation at this path against the rules; count its elements."""
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
        """Collect the ids and idrefs of a part of the file; return a fault for each id already used elsewhere."""
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
        """Yield, at the end, a fault for each idref without its id; none if there were too many ids to keep."""
        if len(self._identifiers) < MOST_IDENTIFIERS:
            yield from (fault for target, fault in self._awaited if target not in self._identifiers)

    def usages(self) -> Iterator[Usage]:
        """Yield each path that was filled in at least once, a parent before its children."""
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
