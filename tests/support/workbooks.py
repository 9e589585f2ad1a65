"""Workbooks that XlsxWriter does not write: OpenDocument (.ods) and Excel 97 (.xls), of texts, numbers and days."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from datetime import date
from xml.sax.saxutils import escape

Rows = Sequence[Sequence[str | float | date]]

_NS = "urn:oasis:names:tc:opendocument:xmlns:"


def ods(rows: Rows) -> bytes:
    body = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    names = " ".join(f'xmlns:{name}="{_NS}{name}:1.0"' for name in ("office", "table", "text"))
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="Feuille1">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest:manifest/>")
        archive.writestr("content.xml", content)
    return out.getvalue()


def _ods_cell(value: str | float | date) -> str:
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
    if isinstance(value, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"/>'


SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def xls(rows: Rows) -> bytes:
    """A BIFF8 stream in a compound file: one sector of allocation table, one of directory, then the stream."""
    book = _biff(rows).ljust(4_096, b"\0")  # a shorter stream would be kept elsewhere
    book += b"\0" * (-len(book) % SECTOR)
    sectors = len(book) // SECTOR
    header = struct.pack("<8s16sHHHHH6xIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
                         0, 1, 1, 0, 4_096, _END, 0, _END, 0, 0)  # fmt: skip
    header += struct.pack("<I", _FREE) * 108
    chain = [_FAT, _END, *range(3, 2 + sectors), _END]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(SECTOR, b"\xff")
    return (
        header
        + table
        + _entry("Root Entry", 5, 1, _END, 0)
        + _entry("Workbook", 2, _FREE, 2, len(book))
        + bytes(256)
        + book
    )


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return text.ljust(64, b"\0") + struct.pack(
        "<HBBIII16sIQQIQ", len(text), kind, 1, _FREE, _FREE, child, b"", 0, 0, 0, start, size
    )


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _biff(rows: Rows) -> bytes:
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    name = b"Feuille1"
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            place = struct.pack("<HHH", y, x, 0)
            if isinstance(value, str):
                text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
                sheet += _record(0x0204, place + text)
            else:
                assert not isinstance(value, date)
                sheet += _record(0x0203, place + struct.pack("<d", value))
    end = _record(0x000A, b"")
    size = len(begin) + 4 + 8 + len(name) + len(end)
    return begin + _record(0x0085, struct.pack("<IHBB", size, 0, len(name), 0) + name) + end + sheet + end
