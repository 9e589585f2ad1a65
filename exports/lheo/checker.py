"""Checks a whole file of any size: schema, business rules, losses in consumers, fill rate of elements.

Each formation is validated alone with libxml2; only those that it refuses are walked by ``structure``, which continues
after the first misplaced element, so that no fault hides another. What is outside formations is checked by the same
walk, on the frame that the reader gives at the end.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from .business_rules import EVERY_ELEMENT, check
from .consumers import drops, preview
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


def check_file(source: BinaryIO | Path, *, name: str = "", limits: Limits | None = None) -> Report:
    """Return the report of a file. Never raises for its content: see ``Report.unreadable``."""
    *_, report = steps(source, name=name, limits=limits)
    assert isinstance(report, Report)
    return report


def steps(source: BinaryIO | Path, *, name: str = "", limits: Limits | None = None) -> Iterator[int | Report]:
    """Yield the number of formations read so far, every 100 of them, then the report.

    In the path of a fault, the rank of a formation is counted through the whole file.
    """
    report = Report(name or (source.name if isinstance(source, Path) else "fichier"))
    reading, survey = Reading(source, limits), Survey()
    try:
        for piece in reading:
            for fault in _once(_faults(piece, survey)):
                report.add(fault)
            if piece.kind is PieceKind.FORMATION:
                if not piece.rank % 100:
                    yield piece.rank
                if report.preview is None:
                    report.preview = preview(piece.element)
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
    yield report


def schema_faults(source: BinaryIO | Path, limits: Limits | None = None) -> Iterator[Fault]:
    """Yield the schema faults of a file, without the other checks. Raise ReadError where it cannot be read further."""
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
        # an idref in the frame may refer to a formation: only the survey knows every id
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
    """Yield the structural faults outside formations."""
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
    """Keep the first fault of each path: schema faults come first, as in ``business_rules.examine``."""
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
