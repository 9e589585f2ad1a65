"""One flow into one file: streamed, checked, and under its name only when it is whole."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO
from xml.sax.saxutils import escape

from lxml import etree

from backoffice.models.dates import PARIS
from exports.check import HEAD, TAIL
from exports.lheo.rules import examine

from .history import Piece

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class EmptyFlux(ValueError):
    """Nothing to write: LHEO has no empty flow, so no file is written."""


class UnfitFlux(ValueError):
    """The flow does not pass its check; nothing was published."""


@dataclass
class Manifest:
    """size in bytes and SHA-256 (hexadecimal) are those of the file as it is on disk.

    since: of a differential, the moment of the flow it completes. removed: the numeros that left.
    code_versions: {version of the export code: number of fragments}.
    """

    code: str
    kind: str
    file: str
    at: str
    since: str = ""
    formations: int = 0
    actions: int = 0
    sessions: int = 0
    removed: list[str] = field(default_factory=list)
    code_versions: dict[str, int] = field(default_factory=dict)
    size: int = 0
    sha256: str = ""

    def save(self, file: Path) -> None:
        draft = file.with_name(f".{file.name}.tmp")
        draft.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n")
        draft.replace(file)


Progress = Callable[[int], None]
"""Told how many pieces are written; may raise to stop."""


def beside(file: Path) -> Path:
    """Where the manifest of a flow is."""
    return file.with_name(f"{file.name}.manifest.json")


def write(
    manifest: Manifest, output: Path, pieces: Iterable[Piece], at: datetime, progress: Progress | None = None
) -> Manifest:
    """Writes the pieces as one LHEO document, and its manifest beside it.

    ``.xml.gz`` is compressed. Raises EmptyFlux when there is no piece, UnfitFlux when a fragment is
    not what was validated; then, as after any other error, what was under the name before is intact.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=output.parent, prefix=f".{output.name}.", delete=False) as target:
        draft = Path(target.name)
        try:
            sink = _Packed(target) if output.name.endswith(".gz") else _Plain(target)
            for part in _document(manifest, pieces, at, progress):
                sink.write(part)
            sink.finish()
            target.close()
            manifest.file, manifest.size, manifest.sha256 = output.name, sink.size, sink.digest.hexdigest()
            draft.chmod(0o644)
            draft.replace(output)
        except BaseException:
            with suppress(FileNotFoundError):
                draft.unlink()
            raise
    manifest.save(beside(output))
    return manifest


def _document(manifest: Manifest, pieces: Iterable[Piece], at: datetime, progress: Progress | None) -> Iterator[bytes]:
    """The parts of the document. Its envelope is validated around the first fragment."""
    tail = (_removals(manifest.removed) + stamp(at) + TAIL).encode()
    for rank, piece in enumerate(pieces):
        xml = zlib.decompress(piece.xml)
        # Approving validated these very bytes: the same hash is the same validity.
        if hashlib.sha256(xml).hexdigest() != piece.sha256:
            raise UnfitFlux(f"Le fragment {piece.numero} n’est plus celui qui a été validé.")
        if rank == 0:
            _check_envelope(xml, tail)
            yield (DECLARATION + HEAD + "\n").encode()
        yield xml + b"\n"
        manifest.formations += 1
        manifest.actions += piece.actions
        manifest.sessions += piece.sessions
        version = str(piece.code_version)
        manifest.code_versions[version] = manifest.code_versions.get(version, 0) + 1
        if progress and rank % 100 == 99:
            progress(rank + 1)
    if not manifest.formations:
        raise EmptyFlux(f"Rien à écrire pour « {manifest.code} » : aucun fichier n’a été écrit.")
    yield tail + b"\n"


def _check_envelope(first: bytes, tail: bytes) -> None:
    faults = examine(etree.fromstring(HEAD.encode() + first + tail), flow=True)
    if faults:
        raise UnfitFlux(f"Le flux n’est pas valide : {faults[0].path}, {faults[0].message}")


def stamp(at: datetime) -> str:
    """The end of every flow in the Intercarif profile: the day and the hour, in Paris."""
    local = at.astimezone(PARIS)
    return (
        '<extras info="flux-intercarif">'
        f'<extra info="date-export">{local:%Y%m%d}</extra><extra info="heure-export">{local:%H%M%S}</extra>'
        "</extras>"
    )


def _removals(numeros: list[str]) -> str:
    if not numeros:
        return ""
    extras = "".join(f'<extra info="numero">{escape(numero)}</extra>' for numero in numeros)
    return f'<extras info="suppressions">{extras}</extras>'


class _Plain:
    """Writes bytes as they come, and measures what is on disk."""

    def __init__(self, target: IO[bytes]):
        self.target, self.size, self.digest = target, 0, hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.target.write(data)
        self.size += len(data)
        self.digest.update(data)

    def finish(self) -> None: ...


class _Packed(_Plain):
    """gzip at level 6. No name and no time in the header: the same flow gives the same bytes."""

    def __init__(self, target: IO[bytes]):
        super().__init__(target)
        self.deflate = zlib.compressobj(6, zlib.DEFLATED, 31)

    def write(self, data: bytes) -> None:
        super().write(self.deflate.compress(data))

    def finish(self) -> None:
        super().write(self.deflate.flush())
