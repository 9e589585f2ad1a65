"""The full flow of a territoire: stored fragments, in order of numero, streamed into one document.

Nothing is rebuilt: approving an entry built and validated its fragment. The file appears under its
name only when it is whole; beside it, ``<file>.manifest.json`` says what it holds.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import Fiche, FicheState, Fragment, Revision, Territoire
from backoffice.models.base import now
from backoffice.models.dates import PARIS

from .check import HEAD, TAIL

WHOLE_FRANCE = "france"
BATCH = 500
"""Fragments read at a time: memory stays flat whatever the size of the flow."""

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class UnknownFlux(LookupError):
    """No territoire has this code."""


class EmptyFlux(ValueError):
    """Nothing is published: LHEO has no empty flow, so no file is written."""


@dataclass(frozen=True)
class Manifest:
    """size in bytes and SHA-256 (hexadecimal) are those of the file as it is on disk."""

    code: str
    file: str
    exported_at: str
    formations: int
    actions: int
    sessions: int
    size: int
    sha256: str


def write_flux(session: Session, code: str, output: Path, *, at: datetime | None = None) -> Manifest:
    """Writes the full flow `code` (a territoire's slug, or ``france``) and its manifest.

    The name says the form: ``.xml.gz`` is compressed. Raises UnknownFlux or EmptyFlux with nothing
    written; whatever happens, a file that was there before is replaced whole or not at all.
    """
    at = at or now()
    with closing(_fragments(session, code)) as fragments:
        first = next(fragments, None)
        if first is None:
            raise EmptyFlux(f"Aucune fiche publiée pour « {code} » : aucun fichier n’a été écrit.")
        return _publish(code, output, first, fragments, at)


def _publish(code: str, output: Path, first: Any, fragments: Iterator[Any], at: datetime) -> Manifest:
    output.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=output.parent, prefix=f".{output.name}.", delete=False) as target:
        try:
            counts = _write(target, first, fragments, at, packed=output.name.endswith(".gz"))
            target.close()
            size, digest = _measure(Path(target.name))
            manifest = Manifest(
                code, output.name, at.astimezone(PARIS).isoformat("T", "seconds"), *counts, size, digest
            )
            Path(target.name).chmod(0o644)
            Path(target.name).replace(output)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(target.name).unlink()
            raise
    beside = output.with_name(f"{output.name}.manifest.json")
    draft = beside.with_name(f".{beside.name}.tmp")
    draft.write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=2) + "\n")
    draft.replace(beside)
    return manifest


def _fragments(session: Session, code: str) -> Generator[Any, None, None]:
    """(compressed xml, actions, sessions) of every published fiche of the flow, by numero."""
    query = (
        select(Fragment.xml, Fragment.actions, Fragment.sessions)
        .join(Revision, Revision.fragment_id == Fragment.id)
        .join(Fiche, Fiche.published_revision_id == Revision.id)
        .where(Fiche.state == FicheState.PUBLIEE)
        .order_by(Fiche.numero)
    )
    if code != WHOLE_FRANCE:
        territoire = session.scalars(select(Territoire.id).where(Territoire.slug == code)).first()
        if territoire is None:
            raise UnknownFlux(f"Aucun territoire n’a le code « {code} ».")
        query = query.where(Fiche.territoire_id == territoire)
    with session.execute(query, execution_options={"yield_per": BATCH}) as rows:
        yield from rows


def _write(target: Any, first: Any, rest: Iterator[Any], at: datetime, *, packed: bool) -> tuple[int, int, int]:
    """Returns how many formations, actions and sessions were written."""
    if packed:
        # No name and no time in the gzip header: the same flow gives the same bytes.
        with gzip.GzipFile(filename="", fileobj=target, mode="wb", compresslevel=6, mtime=0) as stream:
            return _pour(stream, first, rest, at)
    return _pour(target, first, rest, at)


def _pour(stream: IO[bytes] | gzip.GzipFile, first: Any, rest: Iterator[Any], at: datetime) -> tuple[int, int, int]:
    formations = actions = sessions = 0
    stream.write((DECLARATION + HEAD + "\n").encode())
    row: Any = first
    while row is not None:
        stream.write(zlib.decompress(row.xml) + b"\n")
        formations, actions, sessions = formations + 1, actions + row.actions, sessions + row.sessions
        row = next(rest, None)
    stream.write((_stamp(at) + TAIL + "\n").encode())
    return formations, actions, sessions


def _stamp(at: datetime) -> str:
    local = at.astimezone(PARIS)
    return (
        '<extras info="flux-intercarif">'
        f'<extra info="date-export">{local:%Y%m%d}</extra><extra info="heure-export">{local:%H%M%S}</extra>'
        "</extras>"
    )


def _measure(file: Path) -> tuple[int, str]:
    with file.open("rb") as stream:
        return file.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()
