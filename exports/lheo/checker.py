"""Checks a whole file of any size: the schema, the business rules, the consumers, the usage of elements.

The schema part validates each formation alone with libxml2; only those that it refuses are walked by
``structure``, which sees past the first misplaced element: no fault hides another. What stands outside
formations is checked by the same walk, from the frame that the reader leaves.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from .business_rules import EVERY_ELEMENT, check
from .consumers import drops
from .faults import Fault, lheo_name, local_name, quoted
from .grammar import NAMESPACE
from .prolog import FORMER_NAMESPACE
from .reader import Limits, Piece, PieceKind, ReadError, Reading
from .report import Fill, Report
from .schema import validate
from .structure import structure_faults, unexpected
from .survey import Survey

_WHERE = "/lheo/offres"
_GIVEN = f"{{{NAMESPACE}}}offres/{{{NAMESPACE}}}formation"


def check_file(
    source: BinaryIO | Path,
    *,
    name: str = "",
    limits: Limits | None = None,
    progress: Callable[[int], None] = lambda _formations: None,
) -> Report:
    """Return all that is to be said of a file. Raise nothing for what the file holds: see ``unreadable``.

    progress: told, now and then, how many formations were read.

    The path of a fault counts the formations through the file; a formation's own path starts there.
    """
    report = Report(name or (source.name if isinstance(source, Path) else "fichier"))
    reading, survey = Reading(source, limits), Survey()
    try:
        for piece in reading:
            for fault in _once(_faults(piece, survey)):
                report.add(fault)
            if piece.kind is PieceKind.FORMATION:
                if not piece.rank % 100:
                    progress(piece.rank)
                for code, element in drops(piece.element):
                    report.drop(code, element.sourceline or piece.line)
        for fault in survey.orphans():
            report.add(fault)
    except ReadError as error:
        report.unreadable = error
    if reading.former:
        report.version = "2.2"
        report.add(_former_version())
    report.size = reading.size
    counts = survey.counts
    report.formations, report.actions, report.sessions = counts["formation"], counts["action"], counts["session"]
    report.fill = [
        Fill(usage.path, usage.unit, usage.filled, usage.units, counts[usage.unit]) for usage in survey.usages()
    ]
    return report


def schema_faults(source: BinaryIO | Path, limits: Limits | None = None) -> Iterator[Fault]:
    """Give what the schema alone refuses in a file. Raise ReadError where it cannot be read further."""
    for piece in Reading(source, limits):
        if piece.kind is PieceKind.FORMATION:
            yield from _formation(piece)
        else:
            yield from _outside(piece)


def _faults(piece: Piece, survey: Survey) -> Iterator[Fault]:
    if piece.kind is PieceKind.FORMATION:
        yield from _formation(piece)
        yield from survey.formation(piece.element, _where(piece))
        return
    yield from _outside(piece)
    yield from survey.identified(piece.element, _where(piece))
    if piece.kind is PieceKind.FRAME:
        # a reference in the frame may lead into a formation: the survey knows them all
        yield from (fault for fault in check(piece.element, flow=True) if fault.rule != EVERY_ELEMENT)


def _where(piece: Piece) -> str:
    name = local_name(piece.element)
    if piece.kind is PieceKind.FRAME:
        return f"/{name}"
    return f"{_WHERE}/{name}[{piece.rank}]" if piece.kind is PieceKind.FORMATION else f"{_WHERE}/{name}"


def _formation(piece: Piece) -> Iterator[Fault]:
    yield from _loose_text(piece)
    for fault in validate(piece.element):
        yield replace(fault, path=_where(piece) + fault.path.removeprefix("/formation"))


def _outside(piece: Piece) -> Iterator[Fault]:
    """Give the structural faults of what is no formation."""
    element = piece.element
    if piece.kind is PieceKind.FRAME:
        yield from structure_faults(element, seen=element.findall(_GIVEN))
        return
    yield from _loose_text(piece)
    name = local_name(element)
    if lheo_name(element) == "extras":
        message = f"{quoted(name)} n’est pas à sa place. Placez-le après {quoted('formation')}."
        yield Fault(_where(piece), "element-mal-place", message, piece.line)
        yield from (replace(fault, path=_WHERE + fault.path) for fault in structure_faults(element))
    else:
        yield Fault(_where(piece), "element-inconnu", unexpected(element, "offres"), piece.line)


def _loose_text(piece: Piece) -> Iterator[Fault]:
    if text := piece.text.strip(" \t\r\n"):
        message = f"{quoted('offres')} ne contient que d’autres éléments. Retirez le texte {quoted(text)}."
        yield Fault(_WHERE, "texte-interdit", message, piece.line)


def _once(faults: Iterator[Fault]) -> Iterator[Fault]:
    """One remark for one place of a piece: the schema speaks first, as in ``rules.examine``."""
    seen: set[str] = set()
    for fault in faults:
        if fault.path not in seen:
            seen.add(fault.path)
            yield fault


def _former_version() -> Fault:
    message = (
        f"Ce fichier est écrit en LHEO 2.2. Écrivez {quoted(NAMESPACE)} à la place de {quoted(FORMER_NAMESPACE)}; "
        "le reste est vérifié comme du LHEO 2.3."
    )
    return Fault("/lheo", "version-ancienne", message, 1)
