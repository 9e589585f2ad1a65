"""Writes one flow into one file: streamed, checked, and given its name only when it is complete."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self
from xml.sax.saxutils import escape

from lxml import etree

from backoffice.core.dates import PARIS
from exports.fragment.check import HEAD, TAIL
from exports.lheo.business_rules import examine

from .published import Piece

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class EmptyFlux(ValueError):
    """Nothing to write: LHEO has no empty flow, so no file is written."""


class UnfitFlux(ValueError):
    """The flow fails its check; nothing is published."""


@dataclass
class Manifest:
    """Description of a written flow, stored as JSON beside it.

    size (bytes) and sha256 (hexadecimal) are those of the file as it is on disk.
    since: for a differential, instant of the flow that it completes. removed: numeros that left the flow.
    code_versions: {version of the export code: number of fragments}.
    others: the same document in another form (plain or compressed), {name: {size, sha256}}.
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
    others: dict[str, dict[str, int | str]] = field(default_factory=dict)

    def save(self, file: Path) -> None:
        draft = file.with_name(f".{file.name}.tmp")
        draft.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n")
        draft.replace(file)


Progress = Callable[[int], None]
"""Called with the number of fragments written, every 100 fragments; may raise to stop the writing."""


MANIFEST = ".manifest.json"
"""Suffix added to the file name of a flow to name its manifest."""


def beside(file: Path) -> Path:
    """Path of the manifest of a flow."""
    return file.with_name(f"{file.name}{MANIFEST}")


def write(
    manifest: Manifest,
    output: Path,
    pieces: Iterable[Piece],
    at: datetime,
    progress: Progress | None = None,
    *others: Path,
) -> Manifest:
    """Writes the fragments as one LHEO document, with its manifest beside it; returns the completed manifest.

    A name that ends in ``.gz`` is compressed; `others` are written in the same pass. Raises EmptyFlux when there is
    no fragment, UnfitFlux when a fragment is not the one that was validated or the envelope is invalid. After any
    error during the writing, the previous files are intact.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        sinks = [stack.enter_context(_sink(file)) for file in (output, *others)]
        for part in _document(manifest, pieces, at, progress):
            for sink in sinks:
                sink.write(part)
        for sink in sinks:
            sink.publish()
    first, *rest = sinks
    manifest.file, manifest.size, manifest.sha256 = output.name, first.size, first.digest.hexdigest()
    manifest.others = {sink.file.name: {"size": sink.size, "sha256": sink.digest.hexdigest()} for sink in rest}
    manifest.save(beside(output))
    return manifest


def _document(manifest: Manifest, pieces: Iterable[Piece], at: datetime, progress: Progress | None) -> Iterator[bytes]:
    """Parts of the document, in order. The envelope is validated around the first fragment."""
    tail = (_removals(manifest.removed) + stamp(at) + TAIL).encode()
    for rank, piece in enumerate(pieces):
        xml = zlib.decompress(piece.xml)
        # These bytes were validated at approval: the same hash means that they are still valid.
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
    """Export stamp that ends every flow of the Intercarif profile: day and hour, in Paris time."""
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
    """A file without a name until it is complete: a killed process leaves nothing behind.

    Computes the size and the SHA-256 of what it writes. Where the file system has no unnamed files, a hidden name is
    used.
    """

    def __init__(self, file: Path):
        self.file, self.size, self.digest = file, 0, hashlib.sha256()
        self.draft = file.with_name(f".{file.name}.{os.getpid()}.tmp")
        try:
            self.descriptor = os.open(file.parent, os.O_TMPFILE | os.O_WRONLY, 0o644)
            self.named = False
        except OSError:
            self.descriptor = os.open(self.draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o644)
            self.named = True
        self.target = os.fdopen(self.descriptor, "wb", buffering=1 << 20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.target.close()
        self.draft.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        self.target.write(data)
        self.size += len(data)
        self.digest.update(data)

    def publish(self) -> None:
        """Flushes the file to disk, then gives it its name atomically."""
        self.target.flush()
        os.fsync(self.descriptor)
        if not self.named:
            self.draft.unlink(missing_ok=True)
            _name(self.descriptor, self.draft)
        self.draft.replace(self.file)


def _name(descriptor: int, file: Path) -> None:
    """Gives a name to an unnamed file. Folder descriptors make Python follow the link of /proc."""
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.link(f"/proc/self/fd/{descriptor}", file.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


class _Packed(_Plain):
    """gzip at level 6. The header has no name and no time: the same flow gives the same bytes."""

    def __init__(self, file: Path):
        super().__init__(file)
        self.deflate = zlib.compressobj(6, zlib.DEFLATED, 31)

    def write(self, data: bytes) -> None:
        super().write(self.deflate.compress(data))

    def publish(self) -> None:
        super().write(self.deflate.flush())
        super().publish()


def _sink(file: Path) -> _Plain:
    return _Packed(file) if file.name.endswith(".gz") else _Plain(file)
