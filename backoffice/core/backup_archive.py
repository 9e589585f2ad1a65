"""Unpacks a backup archive. Runs in a child process: see backoffice.core.limited."""

from __future__ import annotations

import tarfile
import zlib

from .backup_names import DAMAGED, stays_inside
from .limited import UnreadableFile

MOST_FILES = 100_000


def unpack(source: str, folder: str, most: int) -> None:
    """Writes the files of the archive in `folder`. most: maximum size of them all, in bytes.

    Raises UnreadableFile for a damaged archive, for one that holds something else than plain files whose names stay in
    the folder, and beyond the maximum.
    """
    size = 0
    try:
        with tarfile.open(source, "r:gz") as archive:
            for rank, member in enumerate(archive):
                if not member.isfile() or not stays_inside(member.name) or rank == MOST_FILES:
                    raise UnreadableFile(DAMAGED)
                size += member.size
                if size > most:
                    raise UnreadableFile("Cette sauvegarde est trop grande une fois ouverte, ou le disque est plein.")
                archive.extract(member, folder, filter="data", set_attrs=False)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise UnreadableFile(DAMAGED) from error
