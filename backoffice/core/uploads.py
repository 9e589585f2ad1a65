"""Uploaded files, kept in the instance folder under random names while they are imported or checked.

A name begins with its owner: what one person keeps, and what all keep, is limited; see RELAIS_UPLOADS in
backoffice.core.config. Nothing is taken when the disk is nearly full.
"""

from __future__ import annotations

import errno
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from flask import current_app

from .limited import UnreadableFile

PLACES = ("imports", "verifications")
"""Folders of uploaded files."""
PART = ".part"
"""End of the name of a file that is still being received."""
CHUNK = 1 << 20
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)

FULL = (
    "Il n’y a plus assez de place sur le serveur pour recevoir ce fichier : rien n’a été changé. "
    "Réessayez plus tard ; si cela dure, prévenez votre Carif-Oref."
)
TOO_MANY = (
    "Vos fichiers en attente prennent toute la place qui leur est réservée ({most} Mo) : celui-ci n’a pas été gardé. "
    "Laissez finir les imports et les vérifications en cours, ou envoyez un fichier plus petit."
)


class UploadRefused(UnreadableFile):
    """There is no room for the file; nothing of it is kept."""

    status = 507


def folder(name: str = "imports") -> Path:
    path = Path(current_app.instance_path) / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def keep(stream: IO[bytes], owner: int | str = 0, *, place: str = "imports", suffix: str = "") -> str:
    """Copies the rest of a stream; returns the name under which it is stored.

    owner: id of the account, 0 for a command, whose files are limited in total only. place: one of PLACES.
    Raises UploadRefused, and keeps nothing, without room for it.
    """
    name = f"{owner}-{secrets.token_hex(16)}{suffix}"
    part = folder(place) / f"{name}{PART}"
    try:
        with part.open("wb") as kept:
            while piece := stream.read(CHUNK):
                _check_room(owner, len(piece))
                kept.write(piece)
                kept.flush()
        part.replace(part.with_name(name))
    except OSError as error:
        if error.errno in NO_SPACE:
            raise UploadRefused(FULL) from error
        raise
    finally:
        part.unlink(missing_ok=True)
    return name


@contextmanager
def held(stream: IO[bytes], owner: int) -> Iterator[Path]:
    """The path of a file that is kept while this lasts. Raises UploadRefused."""
    path = path_of(keep(stream, owner))
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def copy(name: str, owner: int) -> str:
    """Keeps a second time a stored file, for another import; returns its name. Raises UploadRefused."""
    with path_of(name).open("rb") as stream:
        return keep(stream, owner)


def path_of(name: str) -> Path:
    return folder() / Path(name).name


def _check_room(owner: int | str, size: int) -> None:
    limits = current_app.config
    if shutil.disk_usage(folder()).free - size < limits["RELAIS_DISK_RESERVE"]:
        raise UploadRefused(FULL)
    whose = str(owner).partition("-")[0]
    mine = total = size
    for place in PLACES:
        for file in folder(place).iterdir():
            try:
                held_ = file.stat().st_size
            except FileNotFoundError:  # finished meanwhile
                continue
            total += held_
            mine += held_ if file.name.startswith(f"{whose}-") else 0
    if total > limits["RELAIS_UPLOADS_TOTAL"]:
        raise UploadRefused(FULL)
    if whose != "0" and mine > limits["RELAIS_UPLOADS_PERSON"]:
        raise UploadRefused(TOO_MANY.format(most=limits["RELAIS_UPLOADS_PERSON"] // 1_000_000))
