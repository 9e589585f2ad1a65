"""What a reader of our flows publishes, read back: its rows that hold one of our numeros.

Three forms, told apart by their first bytes, plain or gzipped: services of data·inclusion in JSON (an array, or one
object a line) or in CSV, in the columns of its published schema (https://data-inclusion-schema.readthedocs.io, v1),
and LHEO. Called in a child process with limits: see backoffice.core.limited.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, cast

from lxml import etree

from backoffice.core.limited import UnreadableFile
from exports.lheo.grammar import NAMESPACE
from exports.lheo.reader import read_formations

LONGEST_FIELD = 200_000
CHUNK = 1 << 16
LARGEST_OBJECT = 2_000_000
"""Characters of one object of a JSON file."""
SHOWN = ("nom", "code_insee", "courriel", "date_maj")
"""Columns that are compared with our fiche."""
UNREADABLE = "Ce fichier n’est ni du JSON, ni du CSV, ni du LHEO."


def seen(path: str, pattern: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yields (numero of the fiche, {column of SHOWN: text}) of each row that holds a numero.

    pattern: regular expression of our numeros. It is searched in `id` and `lien_source` of a service, in @numero of a
    formation. A row of an action gives the numero of its fiche. Raises UnreadableFile.
    """
    ours = re.compile(pattern)
    for names, values in _rows(Path(path)):
        found = next((match[0] for name in names if (match := ours.search(name))), None)
        if found is not None:
            yield found, {name: str(values.get(name) or "")[:300] for name in SHOWN}


def _rows(path: Path) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        source = cast(BinaryIO, gzip.GzipFile(fileobj=plain)) if packed else plain
        try:
            start = source.read(CHUNK).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
            source.seek(0)
            if start == b"<":
                yield from _formations(path)
                return
            with closing(io.TextIOWrapper(source, "utf-8-sig", newline="")) as text:
                rows = _objects(text) if start in (b"[", b"{") else _lines(text)
                for row in rows:
                    yield (str(row.get("id") or ""), str(row.get("lien_source") or "")), row
        except (OSError, EOFError, UnicodeError) as error:
            raise UnreadableFile(UNREADABLE) from error


def _formations(path: Path) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    for formation, _line in read_formations(path):
        yield (
            (formation.get("numero") or "",),
            {
                "nom": _text(formation, "intitule-formation"),
                "code_insee": _text(formation, "lieu-de-formation", "code-INSEE-commune"),
                "courriel": _text(formation, "contact-formation", "courriel"),
                "date_maj": _day(formation.get("datemaj") or ""),
            },
        )


def _text(root: etree._Element, *names: str) -> str:
    found: etree._Element | None = root
    for name in names:
        found = next(found.iter(f"{{{NAMESPACE}}}{name}"), None) if found is not None else None
    return (found.text or "").strip() if found is not None else ""


def _day(text: str) -> str:
    """«20261101» as «2026-11-01»."""
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if re.match(r"[0-9]{8}", text) else text[:10]


def _lines(text: io.TextIOWrapper) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(LONGEST_FIELD)
    head = text.readline(LONGEST_FIELD)
    delimiter = max(",;\t", key=head.count)
    names = next(csv.reader([head], delimiter=delimiter), [])
    if "id" not in names:
        raise UnreadableFile(f"{UNREADABLE} Une colonne « id » est attendue dans un CSV.")
    try:
        yield from csv.DictReader(text, fieldnames=names, delimiter=delimiter)
    except csv.Error as error:
        raise UnreadableFile(UNREADABLE) from error


def _objects(text: io.TextIOWrapper) -> Iterator[dict[str, Any]]:
    """The objects of an array or of JSON Lines, one at a time: a file of any size takes the memory of its largest."""
    decode, kept, over = json.JSONDecoder().raw_decode, "", False
    while True:
        kept = kept.lstrip("[], \t\r\n")
        value, end = None, 0
        try:
            if kept:
                value, end = decode(kept)
        except ValueError as error:
            if over or len(kept) > LARGEST_OBJECT:
                raise UnreadableFile(UNREADABLE) from error
        if end:
            kept = kept[end:]
            if not isinstance(value, dict):
                raise UnreadableFile(UNREADABLE)
            yield value
            continue
        if over:
            return
        piece = text.read(CHUNK)
        kept, over = kept + piece, not piece
