"""Gzip compression of style sheets and scripts, to keep pages light on a phone.

Pages themselves are not compressed: they contain secrets next to typed text (BREACH attack). Flask-Compress
was not used, because it leaves the streamed files open.
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Flask, Response, request

TYPES = ("text/css", "text/javascript", "application/javascript")


def init_app(app: Flask) -> None:
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in TYPES or not (request.endpoint or "").endswith("static"):
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code == 200 and request.accept_encodings["gzip"] and request.method == "GET":
        tag, _ = response.get_etag()
        response.direct_passthrough = False
        response.set_data(packed(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
        response.set_etag(tag or "", weak=True)  # same weak ETag for both encodings, so a conditional request gets 304
    return response


@lru_cache(maxsize=16)
def packed(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)
