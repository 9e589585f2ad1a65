"""Reads CSV files of any size, plain, gzipped or zipped, row by row. Runs in a child process: see core.limited.

A file is read twice: once to find its encoding and length, once for its rows.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from backoffice.core.limited import UnreadableFile
from backoffice.core.text import search_key

CHUNK = 262_144
"""Bytes unpacked at a time."""
RATIO, RATIO_FROM = 100, 20_000_000
"""Maximum ratio of unpacked to packed size, checked beyond RATIO_FROM bytes. For CSV it stays below 20."""
LONGEST = 200_000
"""Characters read at once from a line: more than the maximum of a cell, csv.field_size_limit()."""

_ZIP = b"PK\x03\x04"
_GZIP = b"\x1f\x8b"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_TWICE = re.compile(rb"\xc3[\x80-\xbf]")
"""UTF-8 bytes of «é» and the like: in a file that is not valid UTF-8, they show that it mixes two encodings."""
_UNKNOWN_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
DAMAGED = "Ce fichier est abîmé ou coupé : téléchargez-le de nouveau chez son propriétaire."


def survey(path: str, member: str, most: int) -> dict[str, Any]:
    """{"encoding", "lines", "delimiter", "headers"} of a file, read whole. lines: their number, headers included.

    member: text in the name of the file to read in a zip with several. most: maximum unpacked size, in bytes.
    Raises UnreadableFile, with a French message, when it is not a readable CSV.
    """
    file = Path(path), member, most
    encoding, lines = _survey(*file)
    delimiter = max(";,\t|", key=_head(*file, encoding).count)
    _, headers = next(_rows(*file, encoding, delimiter), (0, None))
    if headers is None:
        raise UnreadableFile("La première ligne de ce fichier ne se lit pas : il lui faut les noms des colonnes.")
    found = {"encoding": encoding, "lines": lines, "delimiter": delimiter}
    return found | {"headers": [cell.strip() for cell in headers]}


def rows(
    path: str, member: str, most: int, encoding: str, delimiter: str, width: int, places: list[int]
) -> Iterator[tuple[int, list[str] | int | None]]:
    """(line number, the cells at these places) of each row after the headers.

    None for cells that cannot be read; the number of cells of a row that has not `width` of them.
    """
    found = _rows(Path(path), member, most, encoding, delimiter)
    next(found)
    for line, row in found:
        if row is None:
            yield line, None
        elif len(row) < width or any(row[width:]):
            yield line, len(row)
        else:
            yield line, [row[place] for place in places]


def _head(path: Path, member: str, most: int, encoding: str) -> str:
    """The first non-blank line. Raises UnreadableFile when there is none."""
    with _text(path, member, most, encoding) as text:
        for line in iter(lambda: text.readline(LONGEST), ""):
            if line.strip():
                return line
    raise UnreadableFile("Ce fichier est vide.")


def _survey(path: Path, member: str, most: int) -> tuple[str, int]:
    """(encoding, number of lines). Raises UnreadableFile for UTF-16, binary or mixed encodings."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    unicode, twice, unknown, lines, last = True, False, False, 0, b""
    with _opened(path, member, most) as pieces:
        for rank, piece in enumerate(pieces):
            if rank == 0 and piece[:2] in _UTF_16:
                raise UnreadableFile("Ce fichier est en UTF-16 : enregistrez-le en CSV UTF-8.")
            if b"\0" in piece:
                raise UnreadableFile("Ce fichier n’est pas un CSV : il contient autre chose que du texte.")
            lines += piece.count(b"\n")
            last = piece
            if unicode:
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError:
                    unicode = False
            twice = twice or _TWICE.search(piece) is not None
            unknown = unknown or _UNKNOWN_1252.search(piece) is not None
    if unicode and not decoder.getstate()[0]:
        return "utf-8-sig", lines + (not last.endswith(b"\n"))
    if twice or unknown:
        raise UnreadableFile(
            "L’encodage de ce fichier n’est pas reconnu, ou il en mélange deux : les accents seraient faux. "
            "Demandez-le en UTF-8 à son propriétaire."
        )
    return "cp1252", lines + (not last.endswith(b"\n"))


def _rows(path: Path, member: str, most: int, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """(line number, cells) of every non-empty row, headers included; None for unreadable cells."""
    with _text(path, member, most, encoding) as text:
        reader = csv.reader(iter(lambda: text.readline(LONGEST), ""), delimiter=delimiter)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:  # a cell is too long: the reader continues with the next line
                yield reader.line_num, None
                continue
            if cells:
                yield reader.line_num, cells


@contextmanager
def _text(path: Path, member: str, most: int, encoding: str) -> Iterator[io.TextIOWrapper]:
    with _opened(path, member, most) as pieces:
        yield io.TextIOWrapper(io.BufferedReader(_Raw(pieces), CHUNK), encoding=encoding, newline="")


class _Raw(io.RawIOBase):
    """File object over an iterator of bytes."""

    def __init__(self, pieces: Iterator[bytes]):
        self.pieces, self.rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.rest = self.rest or next(self.pieces, b"")
        size = min(len(buffer), len(self.rest))
        buffer[:size], self.rest = self.rest[:size], self.rest[size:]
        return size


@contextmanager
def _opened(path: Path, member: str, most: int) -> Iterator[Iterator[bytes]]:
    """The unpacked bytes of the file. An error of decompression while they are read is an UnreadableFile."""
    try:
        with path.open("rb") as stream:
            head = stream.read(len(_ZIP))
            stream.seek(0)
            if head == _ZIP:
                with zipfile.ZipFile(stream) as archive:
                    entry = _entry(archive, member)
                    with archive.open(entry) as inner:
                        yield _pieces(inner, lambda: entry.compress_size, most)
            elif head.startswith(_GZIP):
                with gzip.GzipFile(fileobj=stream) as inner:
                    yield _pieces(inner, stream.tell, most)
            else:
                yield _pieces(stream, stream.tell, most)
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadableFile(DAMAGED) from error


def _entry(archive: zipfile.ZipFile, member: str) -> zipfile.ZipInfo:
    found = [
        one for one in archive.infolist() if one.filename.lower().endswith(".csv") and "__MACOSX" not in one.filename
    ]
    named = [one for one in found if member and member in search_key(one.filename)]
    if len(named or found) != 1:
        raise UnreadableFile(
            "Cette archive ne contient aucun fichier CSV."
            if not found
            else "Cette archive contient plusieurs fichiers CSV : sortez-en celui qu’il faut, et envoyez-le seul."
        )
    return (named or found)[0]


def _pieces(stream: IO[bytes] | gzip.GzipFile, packed: Callable[[], int], most: int) -> Iterator[bytes]:
    given = 0
    while piece := stream.read(CHUNK):
        given += len(piece)
        if given > most or (given > RATIO_FROM and given > RATIO * packed()):
            raise UnreadableFile("Cette archive grossit beaucoup trop en s’ouvrant : par sécurité, elle n’est pas lue.")
        yield piece
