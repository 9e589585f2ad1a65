"""Which processes serve an instance: each holds a shared lock on a file of its folder, which its end releases."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import BinaryIO

from flask import current_app

NAME = ".en-marche"
_open: list[BinaryIO] = []


def mark(instance: Path) -> None:
    """Says, until this process ends, that it serves the instance: pages, jobs or schedule."""
    instance.mkdir(parents=True, exist_ok=True)
    file = (instance / NAME).open("ab")
    fcntl.flock(file, fcntl.LOCK_SH)
    _open.append(file)


def elsewhere() -> bool:
    """Whether another process serves this instance, on this machine."""
    with (Path(current_app.instance_path) / NAME).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
