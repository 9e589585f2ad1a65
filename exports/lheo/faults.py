"""What is wrong in a document, where, and in words its author understands."""

from dataclasses import dataclass

from lxml import etree

from exports.lheo.grammar import ELEMENTS, NAMESPACE

_PREFIX = f"{{{NAMESPACE}}}"
_SHOWN = 40  # characters of a value quoted in a message: enough to find it again


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend.

    ``path`` runs from the root that was checked: ``/lheo/offres/formation[1]/action[2]/rythme-formation``;
    an attribute ends it as ``/@ref``. ``rule`` is a code that does not change with the wording. ``message``
    is a French sentence that says what is wrong and how to mend it. ``line`` is None for a tree that was
    not read from a file.
    """

    path: str
    rule: str
    message: str
    line: int | None = None


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return str(etree.QName(element).localname)


def lheo_name(element: etree._Element) -> str | None:
    """Return the name of an element of the language; None for another language or an unknown name."""
    tag = str(element.tag)
    name = tag.removeprefix(_PREFIX)
    return name if name != tag and name in ELEMENTS else None


def element_path(element: etree._Element, root: etree._Element) -> str:
    """Return the path of an element from the root that is being checked, root included.

    A step is numbered where the language lets the element be repeated, even when it stands alone, so that
    a path does not change when a second one is added; and wherever it is in fact repeated.
    Counting the siblings costs their number: paths are made for faults only, never for each element.
    """
    steps: list[str] = []
    while element is not root:
        parent = element.getparent()
        steps.append(_step(element, parent))
        element = parent
    steps.append(local_name(root))
    return "/" + "/".join(reversed(steps))


def quoted(value: str) -> str:
    """Return a value between French quotation marks, on one line, cut when it is long."""
    shown = " ".join(value.split())
    if len(shown) > _SHOWN:
        shown = shown[: _SHOWN - 1] + "…"
    return f"«\u00a0{shown}\u00a0»"


def fault_at(element: etree._Element, root: etree._Element, rule: str, message: str, suffix: str = "") -> Fault:
    """Make the fault of an element; ``suffix`` completes its path (``/@ref``, ``/fin``)."""
    return Fault(element_path(element, root) + suffix, rule, message, element.sourceline)


def _step(element: etree._Element, parent: etree._Element) -> str:
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    alone = before == 0 and next(element.itersiblings(element.tag), None) is None
    name = local_name(element)
    return name if alone and not _repeatable(parent, element) else f"{name}[{before + 1}]"


def _repeatable(parent: etree._Element, element: etree._Element) -> bool:
    above, name = lheo_name(parent), lheo_name(element)
    if above is None or name is None:
        return False
    return any(child.name == name and child.maximum != 1 for child in ELEMENTS[above].children)
