"""Reads the entries of a stored LHEO file, one at a time, in a child process with limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from backoffice.core import limited
from exports.lheo.trees import built

from .lheo import read_formation
from .reading import Read, UnreadableFile

BOUNDS = limited.Bounds(memory=500 * limited.MEGA, cpu=600, silence=120, output=4_000 * limited.MEGA)


def entries(path: Path) -> Iterator[Read]:
    """Yields the entries. Raises UnreadableFile where the file cannot be read further; those yielded are valid."""
    try:
        for line, tree in limited.stream("exports.lheo.foreign:formations", str(path), bounds=BOUNDS):
            yield read_formation(built(tree), f"ligne {line}")
    except UnreadableFile as error:
        where = f"Ligne {error.line} : " if error.line else ""
        raise UnreadableFile(f"{where}{error.message}") from error
