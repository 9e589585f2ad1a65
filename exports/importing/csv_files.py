"""CSV files of any size, plain, gzipped or zipped, whose rows are read in a child process with limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from backoffice.core import limited

MOST = 16_000_000_000
"""Maximum unpacked size, in bytes: twice that of the largest file, Sirene, in 2026."""
BOUNDS = limited.Bounds(memory=300 * limited.MEGA, cpu=7_200, silence=1_800, output=MOST)
"""Enough to survey the largest file, which says nothing before its end."""


@dataclass(frozen=True)
class CsvFile:
    """headers: the first row. lines: number of lines, headers included; a cell may span several lines.

    member: text in the name of the file to read in a zip.
    """

    path: Path
    member: str
    encoding: str
    delimiter: str
    headers: list[str]
    lines: int

    def rows(self, places: Sequence[int]) -> Iterator[tuple[int, list[str] | int | None]]:
        """(line number, cells at these ranks) of each row after the headers.

        None for cells that cannot be read; the number of cells of a row that has not as many as the headers. Raises
        UnreadableFile when the archive is damaged.
        """
        file = str(self.path), self.member, MOST, self.encoding, self.delimiter, len(self.headers), list(places)
        yield from limited.stream("exports.importing.streams:rows", *file, bounds=BOUNDS)


def open_csv(path: Path, member: str = "") -> CsvFile:
    """Surveys the whole file. member: text in the name of the file to read in a zip with several.

    Raises UnreadableFile, with a French message, when it is not a readable CSV.
    """
    found = limited.call("exports.importing.streams:survey", str(path), member, MOST, bounds=BOUNDS)
    return CsvFile(path, member, **found)
