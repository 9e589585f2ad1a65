"""Response headers, read-only requests, and safe redirections."""

from __future__ import annotations

from typing import IO
from urllib.parse import urlsplit

from flask import Flask, Response, request, send_file
from werkzeug.routing import IntegerConverter, Map

from backoffice.core.extensions import read_only
from backoffice.core.outages import wrote

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # check box marks in Bootstrap's style sheet
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


LARGEST_ID = 2**31 - 1
"""Largest value of a PostgreSQL INTEGER column."""


class Id(IntegerConverter):
    """Id in an address. A number larger than any possible id gives 404 instead of a database error."""

    def __init__(self, url_map: Map):
        super().__init__(url_map, max=LARGEST_ID)


def id_of(text: str) -> int:
    """Id given in the query string or a form. Raises ValueError when out of range; werkzeug then ignores the value."""
    number = int(text)
    if not 0 <= number <= LARGEST_ID:
        raise ValueError(text)
    return number


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = Id
    app.before_request(_mark)
    app.teardown_request(_unmark)
    app.after_request(_protect)


def _mark() -> None:
    read_only.set(request.method in ("GET", "HEAD", "OPTIONS"))
    wrote.set(False)


def _unmark(_error: BaseException | None) -> None:
    read_only.set(False)


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if not (request.endpoint or "").endswith("static"):
        # Pages contain personal data: no shared cache, and no page restored after logout.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def download(file: IO[bytes], mimetype: str, name: str) -> Response:
    """Sends a file as an attachment with this name, never cached."""
    answer = send_file(file, mimetype, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def safe_next(target: str | None) -> str:
    """The target if it is a path of this site, else "/". Prevents open redirections."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return "/"
    if any(ord(character) < 32 or ord(character) == 127 for character in target):
        return "/"
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else "/"


def from_our_page() -> bool:
    """Whether the Origin header says that this request was sent by one of our own pages."""
    origin = request.headers.get("Origin")
    return origin is not None and origin.rstrip("/") == request.host_url.rstrip("/")
