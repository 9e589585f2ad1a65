"""Finds every structural fault of a document, each with its path.

libxml2 stops checking the children of an element at the first unexpected one: one misplaced element hides the faults
of all that follow. This walk continues: it reports the smallest set of misplaced children and checks each of them. It
only explains a refusal: ``schema.validate`` decides.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import cache
from itertools import islice

from lxml import etree

from .faults import Fault, Paths, lheo_name, local_name, quoted
from .grammar import DATE_LENGTH, DATE_PATTERN, ELEMENTS, NAMESPACE, Element, Kind

_BLANKS = " \t\r\n"  # white space in XML: a no-break space is text
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_DATE = re.compile(DATE_PATTERN)
_INTEGER = re.compile(r"(?P<sign>[+-]?)0*(?P<digits>[0-9]{1,19})")
_LONG = 2**63
_NAME = re.compile(r"[^\W\d][\w.·-]*")
_MOMENT = re.compile(
    r"-?(?P<year>[0-9]{4,})(?P<rest>-[0-9]{2}-[0-9]{2})T(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
    r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
)


def structure_faults(root: etree._Element, seen: Collection[etree._Element] = ()) -> list[Fault]:
    """Return the structural faults of a document or of any of its elements, a parent's before its children's.

    The root must be an element of LHEO 2.3; if it is not, that is the only fault. The elements of ``seen``
    have already been checked and emptied: they count as children, their content is not checked.
    """
    if lheo_name(root) is None:
        return [Paths(root).fault(root, "element-inconnu", _unknown_root(root))]
    return list(_Walk(root, frozenset(seen)).faults())


def unexpected(child: etree._Element, parent: str) -> str:
    """Return the French message for an element that this parent does not allow."""
    return _unexpected(child, ELEMENTS[parent])


def collapsed(value: str) -> str:
    """Return a value normalised as an XML Schema token: stripped, with single spaces inside."""
    if value.isalnum():
        return value  # fast path for nearly all values: codes, dates, numbers
    return " ".join(part for part in re.split(f"[{_BLANKS}]+", value) if part)


def text_of(element: etree._Element) -> str:
    """Return the text of an element itself, without its comments and the content of its children."""
    return (element.text or "") + "".join(child.tail or "" for child in element)


def whole_number(token: str) -> int | None:
    """Return the value of a token that is an ``xs:long`` (64 bits); None if it is not one."""
    # int() raises ValueError beyond thousands of digits: the pattern accepts 19, without leading zeros.
    found = _INTEGER.fullmatch(token)
    if found is None:
        return None
    value = int(found["sign"] + found["digits"])
    return value if -_LONG <= value < _LONG else None


@cache
def _any_uri() -> etree.XMLSchema:
    """A schema of one element of type xs:anyURI: libxml2 itself decides, as it does inside formations."""
    root = etree.fromstring(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="uri" type="xs:anyURI"/></xs:schema>'
    )
    return etree.XMLSchema(root)


def _is_address(value: str) -> bool:
    element = etree.Element("uri")
    element.text = value
    return _any_uri().validate(element)


class _Walk:
    """One walk of one tree; collects the identifiers to find duplicates."""

    def __init__(self, root: etree._Element, seen: frozenset[etree._Element]) -> None:
        self.root = root
        self.seen = seen
        self.paths = Paths(root)
        self.identifiers: set[str] = set()

    def faults(self) -> Iterator[Fault]:
        # root.iter() is in document order and not recursive: extras may be nested deeper than Python's stack
        refused: set[etree._Element] = set()
        for element in self.root.iter(etree.Element):
            if element.getparent() in refused and element is not self.root:
                refused.add(element)  # the content of a refused element is not checked
                continue
            name = lheo_name(element)
            if name is None:
                if not self._tolerated(element):
                    refused.add(element)  # already reported with its parent
                continue
            if element in self.seen:
                continue
            known = ELEMENTS[name]
            yield from self._attributes(element, known)
            yield from self._content(element, known)

    def _tolerated(self, element: etree._Element) -> bool:
        """Tell whether a foreign element is inside an extra, which accepts any content."""
        return any(lheo_name(above) == "extra" for above in element.iterancestors())

    def _fault(self, element: etree._Element, rule: str, message: str, suffix: str = "") -> Fault:
        return self.paths.fault(element, rule, message, suffix)

    # --- attributes

    def _attributes(self, element: etree._Element, known: Element) -> Iterator[Fault]:
        for name, value in element.attrib.items():
            if name.startswith(_XSI):
                continue
            kind = known.attributes.get(name)
            shown = etree.QName(name).localname
            if kind is None:
                if known.kind is not Kind.ANY:
                    message = f"L’attribut {quoted(shown)} n’existe pas sur {quoted(known.name)}. Retirez-le."
                    yield self._fault(element, "attribut-inconnu", message, f"/@{shown}")
            elif wrong := self._attribute(kind, value):
                yield self._fault(element, "attribut-forme", wrong, f"/@{shown}")

    def _attribute(self, kind: str, value: str) -> str | None:
        token = collapsed(value)
        # unlike XML Schema, libxml2 accepts no white space around a dateTime
        if kind == "dateTime" and not _is_moment(value):
            return f"{quoted(value)} n’est pas une date avec son heure. Écrivez-la comme 2026-03-31T09:00:00+02:00."
        if kind == "anyURI" and not _is_address(value):
            return f"{quoted(value)} n’est pas une adresse internet. Écrivez-la comme https://exemple.fr/page."
        if kind in ("ID", "IDREF") and not _NAME.fullmatch(token):
            return (
                f"{quoted(value)} ne peut pas être un identifiant. Commencez par une lettre, "
                "sans espace ni deux-points."
            )
        if kind == "ID":
            if token in self.identifiers:
                return f"L’identifiant {quoted(token)} est déjà pris dans ce document. Donnez-en un autre."
            self.identifiers.add(token)
        return None

    # --- content

    def _content(self, element: etree._Element, known: Element) -> Iterator[Fault]:
        if known.kind is Kind.ANY:
            return
        if known.kind in (Kind.SEQUENCE, Kind.CHOICE):
            text = text_of(element)
            if text.strip(_BLANKS):
                message = f"{quoted(known.name)} ne contient que d’autres éléments. "
                message += f"Retirez le texte {quoted(text)}."
                yield self._fault(element, "texte-interdit", message)
            yield from self._children(element, known)
            return
        children = _children(element)
        for child in children:
            message = (
                f"{quoted(known.name)} ne contient que du texte. Retirez l’élément "
                f"{quoted(local_name(child))}. Une mise en forme HTML s’écrit échappée."
            )
            yield self._fault(child, "element-inconnu", message)
        if not children and (found := _value_fault(element, known)):
            yield self._fault(element, *found)

    def _children(self, element: etree._Element, known: Element) -> Iterator[Fault]:
        ranks = {place.name: rank for rank, place in enumerate(known.children)}
        present: list[tuple[etree._Element, int]] = []
        for child in _children(element):
            rank = ranks.get(lheo_name(child) or "")
            if rank is None:
                yield self._fault(child, "element-inconnu", _unexpected(child, known))
            else:
                present.append((child, rank))
        if known.kind is Kind.SEQUENCE:
            yield from self._order(present, known)
        count: Counter[int] = Counter()
        for child, rank in present:
            count[rank] += 1
            place = known.children[rank]
            if place.maximum is not None and count[rank] > place.maximum:
                message = (
                    f"{quoted(place.name)} est présent trop de fois. {quoted(known.name)} en accepte "
                    f"{place.maximum} au plus. Retirez celui-ci."
                )
                yield self._fault(child, "element-en-trop", message)
        for rank, place in enumerate(known.children):
            if count[rank] < place.minimum:
                message = f"Il manque {quoted(place.name)} dans {quoted(known.name)}. Ajoutez-le à sa place."
                yield self._fault(element, "element-manquant", message, f"/{place.name}")

    def _order(self, present: list[tuple[etree._Element, int]], known: Element) -> Iterator[Fault]:
        misplaced = _misplaced([rank for _, rank in present])
        placed = {rank for index, (_, rank) in enumerate(present) if index not in misplaced}
        for index in sorted(misplaced):
            child, rank = present[index]
            # Name a neighbour that is present: the one before, or else the one after.
            before = max((other for other in placed if other < rank), default=None)
            after = min((other for other in placed if other > rank), default=rank)
            side, neighbour = ("avant", after) if before is None else ("après", before)
            message = (
                f"{quoted(local_name(child))} n’est pas à sa place. "
                f"Placez-le {side} {quoted(known.children[neighbour].name)}."
            )
            yield self._fault(child, "element-mal-place", message)


def _children(element: etree._Element) -> list[etree._Element]:
    return list(element.iterchildren(etree.Element))


def _value_fault(element: etree._Element, known: Element) -> tuple[str, str] | None:
    """Return the (rule, message) of a text, code, number or date with a wrong form; None when it is right."""
    text = text_of(element)
    if known.limits is not None:
        return _length_fault(element, known.limits, len(text))
    token, shown = collapsed(text), quoted(text)
    if known.kind is Kind.KEY and token not in known.codes:
        codes = ", ".join(known.codes)
        return "code-inconnu", f"{shown} n’est pas un code de {quoted(known.name)}. Choisissez parmi {codes}."
    if known.kind is Kind.INTEGER and whole_number(token) is None:
        return "entier-forme", f"{shown} n’est pas un nombre entier. Écrivez des chiffres, sans unité."
    if known.kind is Kind.DATE and not (len(token) == DATE_LENGTH and _DATE.fullmatch(token)):
        return (
            "date-forme",
            f"{shown} n’est pas une date. Écrivez huit chiffres, année, mois, jour, comme 20260331.",
        )
    return None


def _length_fault(element: etree._Element, limits: tuple[int, int], length: int) -> tuple[str, str] | None:
    low, high = limits
    shown = quoted(local_name(element))
    if low <= length <= high:
        return None
    if length == 0:
        mend = "Remplissez-le, ou retirez l’élément." if _spare(element) else "Remplissez-le."
        return "texte-court", f"{shown} est vide. {mend}"
    counted = f"{shown} compte {length} caractère{'s' if length > 1 else ''}"
    exact = f"il en faut {low}"
    if length < low:
        expected = exact if low == high else f"{exact} au moins"
        return "texte-court", f"{counted}, {expected}. Complétez-le."
    expected = exact if low == high else f"pour {high} au plus"
    return "texte-long", f"{counted}, {expected}. Raccourcissez-le."


def _spare(element: etree._Element) -> bool:
    """Tell whether the element may be removed: its parent has more of them than the minimum."""
    parent = element.getparent()
    above = lheo_name(parent) if parent is not None else None
    if parent is None or above is None:
        return False
    name = local_name(element)
    least = next((place.minimum for place in ELEMENTS[above].children if place.name == name), 0)
    return len(list(islice(parent.iterchildren(str(element.tag)), least + 1))) > least


def _unknown_root(root: etree._Element) -> str:
    space, name = etree.QName(root).namespace or "", quoted(local_name(root))
    if space != NAMESPACE:
        return (
            f"Ce document n’est pas du LHEO 2.3. Son espace de noms est {quoted(space)}, il faut {quoted(NAMESPACE)}."
        )
    return f"{name} n’existe pas dans LHEO 2.3. Un document commence par {quoted('lheo')}."


def _unexpected(child: etree._Element, known: Element) -> str:
    space, name = etree.QName(child).namespace or "", quoted(local_name(child))
    mend = f"Retirez-le ou rangez-le dans un {quoted('extra')}."
    if space != NAMESPACE:
        return f"L’élément {name} n’est pas du LHEO 2.3, son espace de noms est {quoted(space)}. {mend}"
    return f"{quoted(known.name)} n’a pas d’élément {name}. {mend}"


def _misplaced(ranks: list[int]) -> set[int]:
    """Return the smallest set of positions to remove so that the ranks never decrease.

    The rest is a longest non-decreasing subsequence, found in O(n log n): ``offres`` has 20,000 children.
    """
    tails: list[int] = []  # the lowest rank that ends a subsequence of each length
    ends: list[int] = []  # the position of that rank
    before: list[int] = []
    for position, rank in enumerate(ranks):
        length = bisect_right(tails, rank)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [rank]
        ends[length : length + 1] = [position]
    kept = set()
    position = ends[-1] if ends else -1
    while position >= 0:
        kept.add(position)
        position = before[position]
    return set(range(len(ranks))) - kept


def _is_moment(token: str) -> bool:
    found = _MOMENT.fullmatch(token)
    if found is None:
        return False
    # Python's calendar stops at the year 9999; years repeat every 400, so 2000-2399 represent all.
    # 24:00:00 is the midnight at the end of a day.
    year = 2000 + int(found["year"]) % 400
    time = "00:00:00" if found["time"] == "24:00:00" else found["time"]
    try:
        datetime.fromisoformat(f"{year}{found['rest']}T{time}")
    except ValueError:
        return False
    return True
