"""Uploaded files, kept in the instance folder under random names while they are imported or checked."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import IO

from flask import current_app


def folder(name: str = "imports") -> Path:
    path = Path(current_app.instance_path) / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def keep(stream: IO[bytes]) -> str:
    """Copies the rest of a stream, of any size; returns the name under which it is stored."""
    name = secrets.token_hex(16)
    with (folder() / name).open("wb") as kept:
        shutil.copyfileobj(stream, kept, 1 << 20)
    return name


def path_of(name: str) -> Path:
    return folder() / Path(name).name
