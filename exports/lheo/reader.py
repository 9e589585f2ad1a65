"""Reads an untrusted LHEO file of any size, one ``formation`` at a time.

No external resource is opened and no entity is expanded: a DOCTYPE is passed over, or refused before parsing when it
declares something. Size, counts and depth are limited (256 levels, libxml2's own limit, which ``huge_tree`` would
lift). Every problem is a ``ReadError``.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from lxml import etree

from .faults import quoted
from .grammar import NAMESPACE
from .prolog import written
from .syntax import said_in_french
from .unpacking import Limits, ReadError, unpacked

__all__ = ["Limits", "Piece", "PieceKind", "ReadError", "Reading", "read_formations"]

_LIGHT = 1_000_000
_FORMATION, _OFFRES, _ROOT = (f"{{{NAMESPACE}}}{name}" for name in ("formation", "offres", "lheo"))


class PieceKind(StrEnum):
    """The kind of a piece of a document."""

    FORMATION = "formation"
    STRAY = "stray"  # another child of offres, followed by a formation
    FRAME = "frame"  # the root, at the end; of each offres it keeps the last formation, emptied


@dataclass(frozen=True, slots=True)
class Piece:
    """An element with its content, valid until the next piece is requested.

    ``rank`` counts the formations, from 1. ``text`` is the text around the element in offres, where only white
    space is allowed; in the frame, that text is still in the tree.
    """

    kind: PieceKind
    element: etree._Element
    line: int
    rank: int
    text: str = ""


class Reading:
    """Iterator over the pieces of one document, in order. Afterwards, ``formations`` and ``size`` (bytes) are set.

    ``former``: the document was in LHEO 2.2.
    """

    def __init__(self, source: BinaryIO | Path, limits: Limits | None = None) -> None:
        self.source = source
        self.limits = limits or Limits()
        self.formations = 0
        self.size = 0
        self.former = False
        self._offres: list[etree._Element] = []
        self._signs = self._weight = 0

    def __iter__(self) -> Iterator[Piece]:
        """Yield the pieces. Raise ReadError where the file cannot be read further."""
        with ExitStack() as opened:
            stream = self.source
            if isinstance(stream, Path):
                try:
                    stream = opened.enter_context(stream.open("rb"))
                except OSError as error:
                    raise ReadError("Ce fichier ne s’ouvre pas. Vérifiez son nom et vos droits.") from error
            self.former, chunks = written(unpacked(stream, self.limits))
            yield from self._pieces(chunks)

    def _pieces(self, chunks: Iterator[bytes]) -> Iterator[Piece]:
        parser = etree.XMLPullParser(
            # the start of a formation means that everything before it is complete. End events are twice as slow:
            # lxml then handles each element of the file
            events=("start",),
            tag=_FORMATION,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            collect_ids=False,
            remove_comments=True,
            remove_pis=True,
        )
        for chunk in chunks:
            self._weigh(chunk)
            problem = None
            try:
                parser.feed(chunk)
            except etree.XMLSyntaxError as error:
                problem = said_in_french(parser.feed_error_log, error)
            for _, element in parser.read_events():  # the elements complete before the error
                yield from self._started(element)
            if problem:
                raise problem
        try:
            root = parser.close()
        except etree.XMLSyntaxError as error:
            raise said_in_french(parser.feed_error_log, error) from error
        yield from self._last()
        yield Piece(PieceKind.FRAME, root, root.sourceline or 1, self.formations)

    def _started(self, element: etree._Element) -> Iterator[Piece]:
        offres = element.getparent()
        if offres is None or offres.tag != _OFFRES or not _is_root(offres.getparent()):
            return  # a formation inside an extra, or outside offres, is left in the tree
        self._signs = self._weight = 0
        if not self._offres or self._offres[-1] is not offres:
            yield from self._last()
            self._offres.append(offres)
            if len(self._offres) > self.limits.offres:
                raise ReadError(f"Ce fichier a plus de {self.limits.offres} éléments {quoted('offres')}.")
        yield from self._whole(offres, offres.index(element))

    def _last(self) -> Iterator[Piece]:
        """Yield the children left in the current offres, up to its last formation, which is emptied but not removed."""
        if self._offres:
            offres = self._offres[-1]
            yield from self._whole(offres, offres.index(offres.findall(_FORMATION)[-1]))
            last = offres[0]
            yield self._piece(last, "")
            last.clear(keep_tail=True)

    def _whole(self, offres: etree._Element, number: int) -> Iterator[Piece]:
        """Yield the first `number` children of offres, then remove them from the tree."""
        if not number:
            return
        before, offres.text = offres.text or "", None
        for child in offres[:number]:
            yield self._piece(child, before + (child.tail or ""))
            before = ""
            child.clear()
        del child, offres[:number]

    def _piece(self, element: etree._Element, text: str) -> Piece:
        kind = PieceKind.STRAY
        if element.tag == _FORMATION:
            kind = PieceKind.FORMATION
            self.formations += 1
            if self.formations > self.limits.formations:
                raise ReadError(
                    f"Ce fichier a plus de {self.limits.formations} formations. Coupez-le en plusieurs fichiers."
                )
        return Piece(kind, element, element.sourceline or 1, self.formations, text)

    def _weigh(self, chunk: bytes) -> None:
        """Limit what is kept in memory until the next formation: bytes, tags and attributes."""
        self.size += len(chunk)
        self._weight += len(chunk)
        if self._weight > _LIGHT:  # below, there cannot be too many, and counting takes time
            self._signs += chunk.count(b"<") + chunk.count(b"=")
        if self._weight > self.limits.weight or self._signs > self.limits.signs:
            raise ReadError(
                "Une formation de ce fichier est trop grosse pour être lue, ou le fichier n’en contient pas. "
                f"Une formation a {self.limits.weight // 1_000_000} Mo et {self.limits.signs} balises et attributs "
                "au plus. Coupez-la en plusieurs formations."
            )


def read_formations(source: BinaryIO | Path, limits: Limits | None = None) -> Iterator[tuple[etree._Element, int]]:
    """Yield each formation of a file, in the 2.3 namespace, with its line; the file may be gzipped.

    An element is valid until the next one is requested: it is emptied then. Raise ReadError, with a French message
    and the line when it is known, where the file cannot be read further, and when it has no formation.
    """
    for piece in Reading(source, limits):
        if piece.kind is PieceKind.FORMATION:
            yield piece.element, piece.line
        elif piece.kind is PieceKind.FRAME and not piece.rank:
            name = etree.QName(piece.element)
            raise ReadError(
                f"Aucune formation dans ce fichier. Il commence par {quoted(name.localname)}, espace de noms "
                f"{quoted(name.namespace or '')}. Un fichier LHEO est fait de {quoted('lheo')}, {quoted('offres')}, "
                f"puis {quoted('formation')}.",
                piece.line,
            )


def _is_root(element: etree._Element | None) -> bool:
    return element is not None and element.tag == _ROOT and element.getparent() is None
