"""Reads the entries of a stored file of any kind, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from backoffice.models.importing import ImportKind
from exports.lheo.reader import ReadError, read_formations

from .files import Table, read_table
from .lheo import read_formation
from .reading import Read, UnreadableFile
from .tables import read_rows


def entries(path: Path, kind: ImportKind, mapping: Mapping[int, str]) -> Iterator[Read]:
    """Yields the entries. mapping: {rank of the column: key}, for tables.

    Raises UnreadableFile where the file cannot be read further; the entries already yielded are valid.
    """
    if kind is not ImportKind.LHEO:
        yield from read_rows(table(path), mapping, grouped=kind is ImportKind.TABLEAU)
        return
    try:
        for element, line in read_formations(path):
            yield read_formation(element, f"ligne {line}")
    except ReadError as error:
        where = f"Ligne {error.line} : " if error.line else ""
        raise UnreadableFile(f"{where}{error.message}") from error


LARGEST_TABLE = 6_000_000
"""In bytes: a table is read whole, a flow entry by entry."""


def table(path: Path) -> Table:
    if path.stat().st_size > LARGEST_TABLE:
        raise UnreadableFile(f"Un tableau a {LARGEST_TABLE // 1_000_000} Mo au plus. Coupez-le en plusieurs fichiers.")
    return read_table(path.read_bytes())


def check(path: Path, kind: ImportKind) -> None:
    """Raises UnreadableFile when the first entry, or the table, cannot be read."""
    if kind is ImportKind.LHEO:
        next(entries(path, kind, {}), None)
    else:
        table(path)
