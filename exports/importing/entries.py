"""Reads the entries of a stored file of any kind, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from backoffice.core import limited
from backoffice.models.importing import ImportKind
from exports.lheo.trees import built

from .files import read_table
from .lheo import read_formation
from .reading import Read, UnreadableFile
from .tables import read_rows


def entries(path: Path, kind: ImportKind, mapping: Mapping[int, str]) -> Iterator[Read]:
    """Yields the entries. mapping: {rank of the column: key}, for tables.

    Raises UnreadableFile where the file cannot be read further; the entries already yielded are valid.
    """
    if kind is not ImportKind.LHEO:
        yield from read_rows(read_table(path), mapping, grouped=kind is ImportKind.TABLEAU)
        return
    try:
        for line, tree in limited.stream("exports.lheo.foreign:formations", str(path), bounds=BOUNDS):
            yield read_formation(built(tree), f"ligne {line}")
    except UnreadableFile as error:
        where = f"Ligne {error.line} : " if error.line else ""
        raise UnreadableFile(f"{where}{error.message}") from error


BOUNDS = limited.Bounds(memory=500 * limited.MEGA, cpu=600, silence=120, output=4_000 * limited.MEGA)


def check(path: Path, kind: ImportKind) -> None:
    """Raises UnreadableFile when the first entry, or the table, cannot be read."""
    if kind is ImportKind.LHEO:
        next(entries(path, kind, {}), None)
    else:
        read_table(path)
