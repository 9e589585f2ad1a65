"""Names of the files of a backup archive."""

from __future__ import annotations

from pathlib import PurePosixPath

DAMAGED = "Ce fichier n’est pas une sauvegarde de Relais, ou il est abîmé."


def stays_inside(name: str) -> bool:
    """Whether a name of an archive designates a file under the folder where it is unpacked."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name
