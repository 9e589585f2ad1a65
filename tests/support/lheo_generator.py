"""Generates random LHEO documents, valid or with one error, reproducible from a seed.

A valid document follows the grammar, often at its limits: shortest and longest texts, the most children. A mutation
then breaks one thing at a random place. Some mutations may leave the document valid (one more of a repeatable element):
validity is always asked of the schemas, never assumed.
"""

from collections.abc import Callable
from random import Random

from lxml import etree

from exports.lheo.grammar import ELEMENTS, NAMESPACE, Child, Element, Kind

XML = "http://www.w3.org/XML/1998/namespace"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
LETTERS = "abcdefghij éàçœ’-&<>\"'🙂\u00a0\n"
_CONTAINERS = (Kind.SEQUENCE, Kind.CHOICE)
_FREQUENT = ("formation", "action", "session", "organisme-formation-responsable", "adresse", "extras")
_DEEPEST = 9


def valid_document(random: Random, root: str | None = None) -> etree._Element:
    """Returns a valid document with the given root, or with any of the 170 elements as root."""
    if root is None:
        root = random.choice(_FREQUENT) if random.random() < 0.4 else random.choice(list(ELEMENTS))
    return _Writer(random).element(root, 0)


def mutate(random: Random, root: etree._Element) -> tuple[etree._Element, str]:
    """Applies one random mutation. Returns (root, name of the mutation); the root may be a new element."""
    mutation = random.choice(list(MUTATIONS))
    changed = MUTATIONS[mutation](random, root)
    return (root if changed is None else changed), mutation


class _Writer:
    """Writes one document; identifiers are numbered, so they are unique."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.identifiers = 0

    def element(self, name: str, depth: int) -> etree._Element:
        known = ELEMENTS[name]
        written = etree.Element(f"{{{NAMESPACE}}}{name}", nsmap={None: NAMESPACE})
        for attribute, kind in known.attributes.items():
            if self.random.random() < 0.03:
                written.set(attribute, self.attribute(kind))
        if known.kind is Kind.ANY:
            self.anything(written, depth)
        elif known.kind in _CONTAINERS:
            for child in self.children(known, depth):
                written.append(self.element(child, depth + 1))
            if self.random.random() < 0.05:
                written.insert(0, etree.Comment(" remarque "))
        else:
            written.text = self.value(known)
        return written

    def children(self, known: Element, depth: int) -> list[str]:
        if depth > _DEEPEST:  # only extras are so deep, and they require no child
            return []
        names = [child.name for child in known.children for _ in range(self.count(child, depth))]
        if known.kind is Kind.CHOICE:
            self.random.shuffle(names)
        return names

    def count(self, child: Child, depth: int) -> int:
        draw = self.random.random()
        if draw < 0.03 and child.maximum is not None:
            return child.maximum
        if draw < 0.5 / (depth + 1):
            return min(child.minimum + self.random.choice((1, 1, 2)), child.maximum or 3)
        return child.minimum

    def value(self, known: Element) -> str:
        if known.limits:
            low, high = known.limits
            length = self.random.choice((low, low, high, min(high, low + self.random.randrange(40))))
            return "".join(self.random.choices(LETTERS, k=length))
        if known.bounds:
            number = self.random.choice((*known.bounds, -1, 2**63 - 1, self.random.randrange(500)))
            return self.spaced(str(number))
        if known.codes:
            return self.spaced(self.random.choice(known.codes))
        return self.spaced(self.random.choice(("00000000", "99999999", "20260901", "20260200", "20261939")))

    def spaced(self, token: str) -> str:
        """Adds white space around a token, which the schema ignores."""
        return self.random.choice(("{}", "{}", "{}", " {}", "{}\n", "\t{} ")).format(token)

    def attribute(self, kind: str) -> str:
        if kind == "ID":
            self.identifiers += 1
            return f"i{self.identifiers}"
        if kind == "IDREF":
            return "i1"
        if kind == "dateTime":
            return self.random.choice(("2026-09-01T08:00:00", "2026-09-01T08:00:00.5Z", "2024-02-29T24:00:00+02:00"))
        return self.random.choice(("", "V14", "https://exemple.test/é?a=b&c", "01_GE 335067"))

    def anything(self, written: etree._Element, depth: int) -> None:
        draw = self.random.random()
        if draw < 0.4:
            written.text = "17"
        elif draw < 0.6:
            foreign = etree.SubElement(written, "{urn:exemple}date", mode="manuel")
            foreign.text = "hier"
            if self.random.random() < 0.5:  # the schema still validates known elements, at any depth
                foreign.append(self.element("ville", depth + 1))
        elif draw < 0.8 and depth < _DEEPEST:
            written.append(self.element(self.random.choice(("adresse", "periode", "extras")), depth + 1))
            written[-1].tail = "et du texte"
            written.set("inconnu", "oui")


# --- mutations


def _any(random: Random, root: etree._Element, *kinds: Kind) -> etree._Element | None:
    found = [element for element in root.iter(f"{{{NAMESPACE}}}*") if not kinds or _kind(element) in kinds]
    return random.choice(found) if found else None


def _kind(element: etree._Element) -> Kind | None:
    known = ELEMENTS.get(etree.QName(element).localname)  # an earlier mutation may have renamed it
    return known.kind if known else None


def _child(random: Random, root: etree._Element) -> etree._Element | None:
    found = [element for element in root.iter(f"{{{NAMESPACE}}}*") if element is not root]
    return random.choice(found) if found else None


def _copy(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element, with_tail=False))


def drop(random: Random, root: etree._Element) -> None:
    child = _child(random, root)
    if child is not None:
        child.getparent().remove(child)


def duplicate(random: Random, root: etree._Element) -> None:
    child = _child(random, root)
    if child is not None:
        for _ in range(random.choice((1, 1, 3, 10))):
            child.addnext(_copy(child))


def swap(random: Random, root: etree._Element) -> None:
    child = _child(random, root)
    if child is not None and child.getnext() is not None:
        child.getnext().addnext(child)


def move_last(random: Random, root: etree._Element) -> None:
    child = _child(random, root)
    if child is not None:
        child.getparent().append(child)


def rename(random: Random, root: etree._Element) -> None:
    child = _child(random, root)
    if child is not None:
        child.tag = f"{{{NAMESPACE}}}{random.choice(list(ELEMENTS))}"


def rename_unknown(random: Random, root: etree._Element) -> None:
    child = _child(random, root)
    if child is not None:
        child.tag = f"{{{NAMESPACE}}}{etree.QName(child).localname}s"


def other_namespace(random: Random, root: etree._Element) -> None:
    child = _child(random, root)
    if child is not None:
        space = random.choice(("http://www.lheo.org/2.2", "urn:exemple"))
        child.tag = f"{{{space}}}{etree.QName(child).localname}"


def insert_unknown(random: Random, root: etree._Element) -> None:
    parent = _any(random, root)
    if parent is not None:
        parent.insert(random.randrange(len(parent) + 1), etree.Element(f"{{{NAMESPACE}}}dispositif"))


def insert_known(random: Random, root: etree._Element) -> None:
    parent = _any(random, root, Kind.SEQUENCE, Kind.CHOICE, Kind.ANY)
    if parent is not None:
        name = random.choice(list(ELEMENTS))
        parent.insert(random.randrange(len(parent) + 1), _Writer(random).element(name, 5))


def length(random: Random, root: etree._Element) -> None:
    element = _any(random, root, Kind.TEXT)
    if element is not None:
        low, high = ELEMENTS[etree.QName(element).localname].limits or (0, 0)
        element.text = "🙂" * random.choice((low - 1, low, high, high + 1))


def empty(random: Random, root: etree._Element) -> None:
    element = _any(random, root, Kind.TEXT, Kind.KEY, Kind.DATE, Kind.INTEGER)
    if element is not None:
        element.text = None


def blank(random: Random, root: etree._Element) -> None:
    element = _any(random, root)
    if element is not None and not len(element):
        element.text = random.choice((" ", "\n\t", "\u00a0", " " * 5))


def code(random: Random, root: etree._Element) -> None:
    element = _any(random, root, Kind.KEY)
    if element is not None:
        element.text = random.choice(("21", "-1", "00", "01", "1.0", "oui", "1 1", " 1 ", "\u00a01", "10"))


def number(random: Random, root: etree._Element) -> None:
    element = _any(random, root, Kind.INTEGER)
    if element is not None:
        edges = (str(2**63 - 1), str(2**63), str(-(2**63)), str(-(2**63) - 1), "0" * 30 + "1", "9" * 30)
        odd = ("12.0", "+5", "-0", "007", "1e3", " 8 ", "8 h", "--1", "+", "٣")
        element.text = random.choice((*edges, *odd))


def date(random: Random, root: etree._Element) -> None:
    element = _any(random, root, Kind.DATE)
    if element is not None:
        values = ("2026-09-01", "2026091", "202609011", "20262901", "20260941", "AAAAMMJJ", "0000 0000")
        element.text = random.choice((*values, " 20260901 ", "٢٠٢٦٠٩٠١", "20260231", "2026090 1"))


def text_in_sequence(random: Random, root: etree._Element) -> None:
    element = _any(random, root, Kind.SEQUENCE, Kind.CHOICE)
    if element is not None:
        text = random.choice(("texte", "  \n ", "\u00a0", "."))
        if len(element) and random.random() < 0.5:
            random.choice(list(element)).tail = text
        else:
            element.text = text


def child_in_text(random: Random, root: etree._Element) -> None:
    element = _any(random, root, Kind.TEXT, Kind.KEY)
    if element is not None:
        etree.SubElement(element, random.choice(("p", f"{{{NAMESPACE}}}extras"))).tail = "suite"


def comment_in_text(random: Random, root: etree._Element) -> None:
    element = _any(random, root, Kind.TEXT, Kind.KEY, Kind.DATE)
    if element is not None:
        comment = etree.Comment("remarque")
        comment.tail = random.choice((None, " ", "suite"))
        element.insert(0, comment)


def unknown_attribute(random: Random, root: etree._Element) -> None:
    element = _any(random, root)
    if element is not None:
        foreign = (
            "{urn:exemple}tag",
            "{http://www.w3.org/XML/1998/namespace}lang",
            f"{{{XSI}}}schemaLocation",
        )
        element.set(random.choice(("numeros", "datemaj", "datecrea", "href", "file", *foreign)), "urn:a b")


def bad_identifier(random: Random, root: etree._Element) -> None:
    element = _any(random, root)
    if element is not None:
        value = random.choice(("1a", "a b", "a:b", "", " a ", "é-1.2", "_a", "-a"))
        element.set(random.choice(("id", "idref")), value)


def bad_moment(random: Random, root: etree._Element) -> None:
    element = _any(random, root)
    if element is not None:
        days = ("hier", "", "2026-09-01", "2026-02-30T08:00:00", "2026-9-1T08:00:00", "12026-09-01T08:00:00Z")
        hours = ("2026-09-01T25:00:00", "2026-09-01T08:00:00+15:00", " 2026-09-01T08:00:00 ")
        value = random.choice((*days, *hours))
        element.set(random.choice(("horodatage-creation", "horodatage-export")), value)


def same_identifier(random: Random, root: etree._Element) -> None:
    for _ in range(2):
        element = _any(random, root)
        if element is not None:
            element.set("id", "deux-fois")


def other_root(random: Random, root: etree._Element) -> etree._Element:
    space = random.choice((f"{{{NAMESPACE}}}", "{http://www.lheo.org/2.2}", ""))
    wrapped = etree.Element(f"{space}{random.choice(('catalogue', 'LHEO', 'offres', 'extras'))}")
    wrapped.append(root)
    return wrapped


MUTATIONS: dict[str, Callable[[Random, etree._Element], etree._Element | None]] = {
    function.__name__: function
    for function in (
        drop,
        duplicate,
        swap,
        move_last,
        rename,
        rename_unknown,
        other_namespace,
        insert_unknown,
        insert_known,
        length,
        empty,
        blank,
        code,
        number,
        date,
        text_in_sequence,
        child_in_text,
        comment_in_text,
        unknown_attribute,
        bad_identifier,
        bad_moment,
        same_identifier,
        other_root,
    )
}
