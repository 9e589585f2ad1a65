"""Faults of a document: their path, rule and French message."""

import re
from collections import Counter
from dataclasses import dataclass

from lxml import etree

from .grammar import ELEMENTS, NAMESPACE

_PREFIX = f"{{{NAMESPACE}}}"
# the first sentence of a message; a full stop inside quotation marks does not end it
_FIRST_SENTENCE = re.compile(r"(?:«[^»]*»|[^«])*?[.](?=\s|$)")
_SHOWN = 40  # characters of a value quoted in a message: enough to find it in the file


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a document.

    ``path`` starts at the checked root: ``/lheo/offres/formation[1]/action[2]/rythme-formation``; for an attribute it
    ends with ``/@ref``. ``rule`` is a stable code. ``message`` says in French what is wrong and how to correct it.
    ``line`` is None for a tree that was not read from a file.
    """

    path: str
    rule: str
    message: str
    line: int | None = None

    @property
    def problem(self) -> str:
        """What is wrong: the first sentence of the message."""
        return self._split()[0]

    @property
    def cure(self) -> str:
        """How to correct it: the message after its first sentence."""
        return self._split()[1]

    def _split(self) -> tuple[str, str]:
        first = _FIRST_SENTENCE.match(self.message)
        end = first.end() if first else len(self.message)
        return self.message[:end], self.message[end:].strip()


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return str(etree.QName(element).localname)


def lheo_name(element: etree._Element) -> str | None:
    """Return the name of an LHEO element; None for another namespace or an unknown name."""
    tag = str(element.tag)
    name = tag.removeprefix(_PREFIX)
    return name if name != tag and name in ELEMENTS else None


class Paths:
    """Computes the paths of the elements of a root, which must not change meanwhile. where: path of the root itself.

    A step has a rank if LHEO allows the element to repeat, even when it is alone, so that a path does not change when
    a second one is added; and wherever it is repeated. The children of an element are counted once and cached:
    otherwise a hundred thousand misplaced children would be counted a hundred thousand times.
    """

    def __init__(self, root: etree._Element, where: str | None = None) -> None:
        self.root = root
        self.where = f"/{local_name(root)}" if where is None else where
        self._steps: dict[etree._Element, dict[etree._Element, str]] = {}

    def path(self, element: etree._Element) -> str:
        """Return the path of an element, starting with that of the root."""
        steps: list[str] = []
        while element is not self.root:
            parent = element.getparent()
            assert parent is not None, "the element stands below the root"
            if parent not in self._steps:
                self._steps[parent] = _steps(parent)
            steps.append(self._steps[parent][element])
            element = parent
        return "/".join([self.where, *reversed(steps)])

    def fault(self, element: etree._Element, rule: str, message: str, suffix: str = "") -> Fault:
        """Make the fault of an element; ``suffix`` is added to its path (``/@ref``, ``/fin``)."""
        return Fault(self.path(element) + suffix, rule, message, element.sourceline)


def quoted(value: str) -> str:
    """Return a value in French quotation marks, on one line, truncated to 40 characters."""
    shown = " ".join(value.split())
    if len(shown) > _SHOWN:
        shown = shown[: _SHOWN - 1] + "…"
    return f"«\u00a0{shown}\u00a0»"


def _steps(parent: etree._Element) -> dict[etree._Element, str]:
    """Return {child: its step in a path} for the children of an element."""
    children = list(parent.iterchildren(etree.Element))
    total = Counter(str(child.tag) for child in children)
    seen: Counter[str] = Counter()
    steps = {}
    for child in children:
        tag, name = str(child.tag), local_name(child)
        seen[tag] += 1
        alone = total[tag] == 1 and not _repeatable(parent, child)
        steps[child] = name if alone else f"{name}[{seen[tag]}]"
    return steps


def _repeatable(parent: etree._Element, element: etree._Element) -> bool:
    above, name = lheo_name(parent), lheo_name(element)
    if above is None or name is None:
        return False
    return any(child.name == name and child.maximum != 1 for child in ELEMENTS[above].children)
