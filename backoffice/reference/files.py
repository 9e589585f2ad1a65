"""Format of the tables of this folder: UTF-8, `;` between columns, names of columns on the first line."""

import csv
import gzip
import io
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table, each as {column: text}. A file whose name ends in `.gz` is decompressed."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=";"))


def read_labels(path: Path) -> dict[str, str]:
    """A `code;libelle` table as {code: label}, in the order of the file."""
    return {row["code"]: row["libelle"] for row in read_rows(path)}


def package_member(source: Path, member: str) -> bytes:
    """A file of an npm package, given as a folder or `.tgz`. Raises FileNotFoundError, tarfile.ReadError."""
    if source.is_dir():
        return (source / member).read_bytes()
    # npm puts everything under package/. The member is read in memory: nothing is unpacked on disk.
    with tarfile.open(source) as archive:
        try:
            stream = archive.extractfile(f"package/{member}")
        except KeyError:
            stream = None
        if stream is None:
            raise FileNotFoundError(f"{source} has no package/{member}")
        return stream.read()


def table_bytes(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """The bytes of a table; lines end with a line feed, on every system."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def gzip_bytes(data: bytes) -> bytes:
    """`data` compressed without date or file name: with the same zlib, the output is deterministic."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as stream:
        stream.write(data)
    return buffer.getvalue()
