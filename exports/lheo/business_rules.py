"""The rules of LHEO that the XML schema cannot express.

A rule is a function registered for the elements that it checks; it yields messages. ``check`` reads the tree once and
turns them into faults. ``examine`` combines the schema and the rules, with one fault for each path.
"""

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache

from lxml import etree

from backoffice.models.values.numbers import siret_is_valid

from .faults import Fault, Paths, lheo_name, local_name, quoted
from .grammar import DATED, DATED_ELEMENTS, DATES, ELEMENTS, NAMESPACE, Kind, bounds
from .schema import validate
from .structure import collapsed, text_of, whole_number

UNKNOWN_START = "00000000"
UNKNOWN_END = "99999999"
NO_SIRET = "0" * 14
NO_ACTIVITY_NUMBER = "0" * 11


@dataclass(frozen=True, slots=True)
class Document:
    """The context of a rule. flow: the document is a whole flow. identifiers: every ``id`` of the document."""

    root: etree._Element
    flow: bool
    identifiers: frozenset[str]


# (message, suffix of the path of the element: "", "/@ref", "/fin")
Remark = tuple[str, str]
Check = Callable[[etree._Element, Document], Iterator[Remark]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its stable code, the names of the elements that it checks, and its function."""

    code: str
    elements: frozenset[str]
    check: Check


RULES: list[Rule] = []

# A large file has millions of elements: `survey` applies these two rules in a faster way.
EVERY_TEXT, EVERY_ELEMENT = "texte-blanc", "idref-orphelin"


def check(root: etree._Element, *, flow: bool = False) -> list[Fault]:
    """Return the faults of a document or of one ``formation`` against the rules, in document order.

    With ``flow``, the root must be ``lheo``: a flow is a whole document. Elements of other namespaces are ignored;
    LHEO elements inside an ``extra`` are checked like the others.
    """
    rules, paths = by_tag(), Paths(root)
    document = Document(root, flow, frozenset(map(collapsed, root.xpath("descendant-or-self::*/@id"))))
    faults = [paths.fault(root, "racine", message) for message in _root_remarks(document)]
    for element in root.iter(f"{{{NAMESPACE}}}*"):
        for found in rules.get(str(element.tag), ()):
            for message, suffix in found.check(element, document):
                faults.append(paths.fault(element, found.code, message, suffix))
    return faults


@cache
def by_tag() -> dict[str, tuple[Rule, ...]]:
    """Return {qualified name, as lxml writes it: rules of the element}."""
    return {
        f"{{{NAMESPACE}}}{name}": tuple(registered for registered in RULES if name in registered.elements)
        for name in ELEMENTS
    }


def examine(root: etree._Element, *, flow: bool = False) -> list[Fault]:
    """Return the faults of a document or of one ``formation``: the schema first, then the rules.

    A path has at most one fault: a SIRET of twelve letters is one mistake.
    """
    faults: dict[str, Fault] = {}
    for fault in validate(root) + check(root, flow=flow):
        faults.setdefault(fault.path, fault)
    return list(faults.values())


def rule(code: str, *elements: str) -> Callable[[Check], Check]:
    """Register a rule under its code for these elements, or for all of them when none is named."""

    def register(function: Check) -> Check:
        RULES.append(Rule(code, frozenset(elements or ELEMENTS), function))
        return function

    return register


def is_real_date(text: str) -> bool:
    """Tell whether the text is a day AAAAMMJJ, a month AAAAMM00 or a year AAAA0000 of the calendar.

    False for the unknown dates 00000000 and 99999999.
    """
    return _span(text) is not None


def _root_remarks(document: Document) -> Iterator[str]:
    """Check that the root is a document: the schema accepts any of its elements as root."""
    name = lheo_name(document.root)
    if name is None:
        yield f"Ce document n’est pas du LHEO 2.3. Il doit commencer par {quoted('lheo')}."
    elif name not in (("lheo",) if document.flow else ("lheo", "formation")):
        yield (
            f"Le document commence par {quoted(name)}. "
            f"Placez les formations dans {quoted('lheo')}, puis {quoted('offres')}."
        )


# --- dates


@rule("date-reelle", *DATES.split())
def _real_date(element: etree._Element, _document: Document) -> Iterator[Remark]:
    """A date is in the calendar, or is the unknown value of its element.

    Standard: an unknown ``debut`` or ``date`` is 00000000, an unknown ``fin`` is 99999999; AAAAMM00 is a
    month, AAAA0000 a year. The pattern of the schema accepts 20260231 and month 19.
    """
    text, name = collapsed(text_of(element)), local_name(element)
    unknown = UNKNOWN_END if name == "fin" else UNKNOWN_START
    if text == unknown or not _eight_digits(text) or is_real_date(text):
        return
    if text in (UNKNOWN_START, UNKNOWN_END):
        yield f"Une date {quoted(name)} inconnue s’écrit {unknown}. Remplacez {text}.", ""
    else:
        yield f"{quoted(text)} n’est pas un jour du calendrier. Corrigez le mois ou le jour.", ""


@rule("periode-inversee", "periode")
def _period_in_order(element: etree._Element, _document: Document) -> Iterator[Remark]:
    """A period does not end before it starts, when both dates are known.

    The standard states the opposite (« debut >= fin »): it is an error, and no document follows it. A month or a year
    counts from its first to its last day.
    """
    start = _span(collapsed(element.findtext(f"{{{NAMESPACE}}}debut") or ""))
    end = _span(collapsed(element.findtext(f"{{{NAMESPACE}}}fin") or ""))
    if start and end and end[1] < start[0]:
        yield "La période finit avant de commencer. Vérifiez la date de début et la date de fin.", "/fin"


@rule("date-attribut", *DATED_ELEMENTS)
def _dated_attributes(element: etree._Element, _document: Document) -> Iterator[Remark]:
    """``datecrea`` and ``datemaj`` are real days, AAAAMMJJ.

    The national flow uses this form on formation, action and session, where consumers compare them as
    texts to find what changed: another form would sort wrongly. On ``lheo`` and ``lheo-index`` they date
    the file itself and are not compared; existing files have ISO 8601 dates and times there, which are
    accepted.
    """
    whole_file = lheo_name(element) in ("lheo", "lheo-index")
    for name in DATED:
        value = element.get(name)
        if value is None or _is_day(value) or (whole_file and _is_iso(value)):
            continue
        yield (
            f"{quoted(value)} n’est pas une date. Dans {quoted(name)}, écrivez huit chiffres, année, mois, "
            "jour, comme 20260331.",
            f"/@{name}",
        )


# --- identities


@rule("siret", "SIRET")
def _siret(element: etree._Element, _document: Document) -> Iterator[Remark]:
    """A SIRET is 14 digits with a valid checksum, or La Poste's special checksum.

    By convention, fourteen zeros mean no SIRET: the element is compulsory and cannot be empty.
    """
    text = text_of(element)
    if text == NO_SIRET:
        return
    if not _digits(text, 14):
        yield f"Le SIRET {quoted(text)} doit avoir 14 chiffres, sans espace ni point. Corrigez-le.", ""
    elif not _valid_siret(text):
        yield f"Le SIRET {quoted(text)} n’existe pas, un chiffre est faux. Vérifiez-le.", ""


@rule("numero-activite", "numero-activite")
def _activity_number(element: etree._Element, _document: Document) -> Iterator[Remark]:
    """An activity declaration number is 11 digits; by convention, eleven zeros mean none."""
    text = text_of(element)
    if not _digits(text, len(NO_ACTIVITY_NUMBER)):
        yield (
            f"Le numéro d’activité {quoted(text)} doit avoir 11 chiffres. Corrigez-le, ou écrivez "
            f"{NO_ACTIVITY_NUMBER} si la structure n’est pas déclarée.",
            "",
        )


@rule(EVERY_ELEMENT)
def _known_reference(element: etree._Element, document: Document) -> Iterator[Remark]:
    """An ``idref`` refers to an ``id`` of the same document: libxml2 does not check it."""
    target = element.get("idref")
    if target is not None and collapsed(target) not in document.identifiers:
        yield (
            f"Aucun élément du document n’a l’identifiant {quoted(target)}. Corrigez ou retirez cette référence.",
            "/@idref",
        )


@rule("ref-absente", "code-FORMACODE", "code-public-vise", "code-modalite-pedagogique")
def _thesaurus_version(element: etree._Element, _document: Document) -> Iterator[Remark]:
    """A Formacode has its version in ``ref``: the standard requires it for these three elements.

    The same five digits have different meanings in different versions.
    """
    if not (element.get("ref") or "").strip():
        yield (
            f"Il manque la version du Formacode sur {quoted(local_name(element))}. Ajoutez l’attribut "
            f'{quoted("ref")}, par exemple ref="V14".',
            "/@ref",
        )


# --- texts and numbers


@rule(EVERY_TEXT, *(name for name, known in ELEMENTS.items() if known.limits and known.limits[0] > 0))
def _not_blank(element: etree._Element, _document: Document) -> Iterator[Remark]:
    """A text that must not be empty contains more than spaces: the schema counts them as characters."""
    text = text_of(element)
    if text and not text.strip():
        yield (
            f"{quoted(local_name(element))} ne contient que des espaces. Remplissez-le, ou retirez l’élément "
            "s’il est facultatif.",
            "",
        )


@rule("entier-hors-bornes", *(name for name, known in ELEMENTS.items() if known.kind is Kind.INTEGER))
def _within_bounds(element: etree._Element, _document: Document) -> Iterator[Remark]:
    """A number is within the bounds of the standard's list of elements: the schema accepts -1 places."""
    name = local_name(element)
    low, high = bounds(name)
    value = whole_number(collapsed(text_of(element)))
    if value is not None and not low <= value <= high:
        yield f"{value} ne convient pas à {quoted(name)}. Écrivez un nombre de {low} à {high}.", ""


# --- helpers


def _digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()


def _eight_digits(text: str) -> bool:
    return _digits(text, len(UNKNOWN_START))


# A flow repeats the same SIRETs and dates many times.
_valid_siret = lru_cache(maxsize=4096)(siret_is_valid)


@lru_cache(maxsize=4096)
def _span(text: str) -> tuple[date, date] | None:
    """Return the first and last day of AAAAMMJJ, AAAAMM00 or AAAA0000; None when it is not in the calendar."""
    if not _eight_digits(text):
        return None
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    if month == 0 and day != 0:
        return None
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        return None
    last_month = month or 12
    return first, date(year, last_month, day or calendar.monthrange(year, last_month)[1])


def _is_day(text: str) -> bool:
    return is_real_date(text) and not text.endswith("00")


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
