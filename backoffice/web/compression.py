"""Answers in gzip for clients that accept it.

Only for answers that hold nothing secret: the length of a compressed page that mixes a token with what a stranger
chose would tell the token (BREACH).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from flask import Response, request

SMALLEST = 1_000
"""Bytes under which an answer is sent as it is."""
TEXTS = ("application/json", "application/jsonl", "application/geo+json", "application/problem+json")
LEVEL, GZIP = 6, 31


def compressed(response: Response) -> Response:
    """Compresses a text answer, streamed or not. Its ETag must be weak: it names both forms."""
    response.vary.add("Accept-Encoding")
    length = response.calculate_content_length()
    if (
        response.status_code != 200
        or not (response.mimetype in TEXTS or (response.mimetype or "").startswith("text/"))
        or "Content-Encoding" in response.headers
        or request.accept_encodings["gzip"] <= 0
        or (length is not None and length < SMALLEST)
    ):
        return response
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Content-Length", None)
    if length is not None:
        response.set_data(b"".join(_gzip([response.get_data()])))
    else:
        before = response.response
        if hasattr(before, "close"):
            response.call_on_close(before.close)
        response.response = _gzip(response.iter_encoded())
    return response


def _gzip(parts: Iterable[bytes]) -> Iterator[bytes]:
    press = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    for part in parts:
        yield press.compress(part)
    yield press.flush()
