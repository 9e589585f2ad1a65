"""What a child process does with a foreign LHEO file; its results are plain JSON. See backoffice.core.limited."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .checker import steps
from .reader import Limits, read_formations
from .report import Report
from .trees import packed


def check(path: str, name: str, size: int | None) -> Iterator[int | dict[str, Any]]:
    """Yields the number of formations checked so far, then the report. size: maximum once unpacked, in bytes."""
    for step in steps(Path(path), name=name, limits=Limits(size=size) if size else None):
        yield step.as_json() if isinstance(step, Report) else step


def formations(path: str) -> Iterator[tuple[int, Any]]:
    """Yields (line, element as `trees.packed`) of each formation. Raises UnreadableFile."""
    for element, line in read_formations(Path(path)):
        yield line, packed(element)
