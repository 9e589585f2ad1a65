"""Files kept while they are imported, in the instance folder, under names of our own."""

from __future__ import annotations

import secrets
from pathlib import Path

from flask import current_app


def folder() -> Path:
    path = Path(current_app.instance_path) / "imports"
    path.mkdir(parents=True, exist_ok=True)
    return path


def keep(raw: bytes) -> str:
    """Writes the file; returns the name it is kept under."""
    name = secrets.token_hex(16)
    (folder() / name).write_bytes(raw)
    return name


def path_of(name: str) -> Path:
    return folder() / Path(name).name
