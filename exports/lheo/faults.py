"""What is wrong in a document, where, and in words its author understands."""

import re
from collections import Counter
from dataclasses import dataclass

from lxml import etree

from .grammar import ELEMENTS, NAMESPACE

_PREFIX = f"{{{NAMESPACE}}}"
# the first sentence of a message, a full stop between quotation marks left alone
_FIRST_SENTENCE = re.compile(r"(?:«[^»]*»|[^«])*?[.](?=\s|$)")
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

    @property
    def problem(self) -> str:
        """What is wrong: the first sentence of the message."""
        return self._split()[0]

    @property
    def cure(self) -> str:
        """How to mend it: what follows the first sentence."""
        return self._split()[1]

    def _split(self) -> tuple[str, str]:
        first = _FIRST_SENTENCE.match(self.message)
        end = first.end() if first else len(self.message)
        return self.message[:end], self.message[end:].strip()


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return str(etree.QName(element).localname)


def lheo_name(element: etree._Element) -> str | None:
    """Return the name of an element of the language; None for another language or an unknown name."""
    tag = str(element.tag)
    name = tag.removeprefix(_PREFIX)
    return name if name != tag and name in ELEMENTS else None


class Paths:
    """The paths of the elements of one root, while it does not change; ``where`` is that of the root itself.

    A step is numbered where the language lets the element be repeated, even when it stands alone, so that
    a path does not change when a second one is added; and wherever it is in fact repeated.
    The children of an element are counted once, when the first of them is at fault: a hundred thousand
    misplaced children must not be counted a hundred thousand times.
    """

    def __init__(self, root: etree._Element, where: str | None = None) -> None:
        self.root = root
        self.where = f"/{local_name(root)}" if where is None else where
        self._steps: dict[etree._Element, dict[etree._Element, str]] = {}

    def path(self, element: etree._Element) -> str:
        """Return the path of an element from the root that is being checked, root included."""
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
        """Make the fault of an element; ``suffix`` completes its path (``/@ref``, ``/fin``)."""
        return Fault(self.path(element) + suffix, rule, message, element.sourceline)


def quoted(value: str) -> str:
    """Return a value between French quotation marks, on one line, cut when it is long."""
    shown = " ".join(value.split())
    if len(shown) > _SHOWN:
        shown = shown[: _SHOWN - 1] + "…"
    return f"«\u00a0{shown}\u00a0»"


def _steps(parent: etree._Element) -> dict[etree._Element, str]:
    """Return the step of each child of an element, as a path writes it."""
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
