"""Reads the bytes of an untrusted file, plain or gzipped, within limits. Runs in a child process (core.limited)."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from backoffice.core.limited import UnreadableFile

CHUNK = 262_144
"""Bytes read at a time: fewer means more parser calls, more means more memory."""
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OTHERS = (b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"\x28\xb5\x2f\xfd", b"Rar!")


class ReadError(UnreadableFile):
    """An LHEO file cannot be read, or not further."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on a file. The national flow of 2026 is far below each of them.

    size: bytes of the unpacked document. ratio: maximum of unpacked size / gzip size, checked beyond ``ratio_from``
    bytes. formations, offres: their number. weight: bytes, and signs: tags and attributes after the first million
    bytes, of one formation or between two formations.
    """

    size: int = 1_000_000_000
    ratio: int = 250
    ratio_from: int = 20_000_000
    formations: int = 500_000
    offres: int = 100
    weight: int = 16_000_000
    signs: int = 400_000


def unpacked(stream: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """Yield non-empty chunks of the unpacked file. Raise ReadError beyond the limits and for other archives."""
    raw = iter(lambda: stream.read(CHUNK), b"")
    first = next(raw, b"")
    while 0 < len(first) < len(_GZIP) and (more := next(raw, b"")):
        first += more
    if first.startswith(_ZIP):
        raise ReadError("Ce fichier est une archive zip. Sortez-en le fichier XML, ou compressez-le en gzip.")
    if first.startswith(_OTHERS):
        raise ReadError("Cette forme de compression n’est pas acceptée. Envoyez du XML, ou du XML compressé en gzip.")
    chunks = _gunzipped(first, raw, limits) if first.startswith(_GZIP) else _with(first, raw)
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limits.size:
            raise ReadError(
                f"Ce fichier dépasse {limits.size // 1_000_000} Mo une fois ouvert. Coupez-le en plusieurs fichiers."
            )
        yield chunk


def _with(first: bytes, raw: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from raw


def _gunzipped(first: bytes, raw: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Decompress gzip, member after member, in chunks of CHUNK bytes at most."""
    unpacker = zlib.decompressobj(wbits=31)
    packed, read, given = first, len(first), 0
    while True:
        try:
            chunk = unpacker.decompress(packed, CHUNK)
        except zlib.error as error:
            raise ReadError("Ce fichier gzip est abîmé. Refaites-le et envoyez-le de nouveau.") from error
        given += len(chunk)
        if given > limits.ratio_from and given > limits.ratio * read:
            raise ReadError(
                f"Ce fichier gzip grossit de plus de {limits.ratio} fois en s’ouvrant. Par sécurité, il n’est pas lu. "
                "Envoyez-le sans le compresser."
            )
        if chunk:
            yield chunk
        if unpacker.eof:
            packed = unpacker.unused_data.lstrip(b"\0") or next(raw, b"").lstrip(b"\0")
            if not packed:
                return  # trailing zeros are allowed, as by gzip itself
            read += 0 if unpacker.unused_data else len(packed)
            unpacker = zlib.decompressobj(wbits=31)
            continue
        packed = unpacker.unconsumed_tail
        if not packed:
            packed = next(raw, b"")
            read += len(packed)
            if not packed and not chunk:
                raise ReadError("Ce fichier gzip s’arrête trop tôt. Il a été coupé : envoyez-le de nouveau.")
