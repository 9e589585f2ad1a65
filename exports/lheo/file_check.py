"""Checks a foreign file in a child process with limits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from backoffice.core import limited

from .report import Report

BOUNDS = limited.Bounds(memory=800 * limited.MEGA, cpu=1_200, silence=180)
"""For the largest file that the command accepts."""


def check(
    path: Path, *, name: str = "", size: int | None = None, progress: Callable[[int], None] = lambda _formations: None
) -> dict[str, Any]:
    """The report, as `Report.as_json`. Never raises for the content of the file: «illisible» says why.

    size: maximum once unpacked, in bytes. progress: called with the number of formations checked so far.
    """
    name = name or path.name
    try:
        for step in limited.stream("exports.lheo.foreign:check", str(path), name, size, bounds=BOUNDS):
            if isinstance(step, int):
                progress(step)
            else:
                report: dict[str, Any] = step
                return report
    except limited.UnreadableFile as unreadable:
        return Report(name, unreadable=unreadable).as_json()
    raise limited.ChildFailed("no report")
