"""Application log on standard error: one line per event, with the id of its request.

It holds no personal data. A request is logged by its route, never by its URL (which may hold a secret token); a person
by account id; an exception by its type and traceback, without its message (which may hold what a user typed).
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from flask import Flask, Response, g, request

from .dates import PARIS

ExcInfo = tuple[type, BaseException, TracebackType] | tuple[None, None, None]
"""The shape of sys.exc_info(), as Flask passes it."""
PACKAGES = ("backoffice", "forms", "workflows", "exports")
GIVEN = re.compile(r"[0-9A-Za-z-]{8,64}")
"""Accepted values of X-Request-ID, set by the reverse proxy."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
log = logging.getLogger(__name__)


def trace(error: BaseException) -> str:
    """Traceback and type of an exception, preceded by those of its causes, without any message."""
    told: list[str] = []
    current: BaseException | None = error
    while current is not None:
        told.append("".join(traceback.format_tb(current.__traceback__)) + type(current).__qualname__)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n".join(reversed(told))


class Line(logging.Formatter):
    """One JSON object per record: at, level, logger, message, request, and the items of `extra={"facts": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if number := request_id.get():
            said["request"] = number
        said |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[1]:
            said["trace"] = trace(record.exc_info[1])
        return json.dumps(said, ensure_ascii=False)


class Words(logging.Formatter):
    """Formats a record as one line for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{name}={value}" for name, value in getattr(record, "facts", {}).items())
        at = datetime.fromtimestamp(record.created, PARIS)
        said = [f"{at:%H:%M:%S}", record.levelname, record.getMessage(), facts, request_id.get()[:8]]
        where = f"\n{trace(record.exc_info[1])}" if record.exc_info and record.exc_info[1] else ""
        return " ".join(word for word in said if word) + where


FORMATS = {"json": Line, "texte": Words}


class Handler(logging.Handler):
    """Handler of this application, recognised by its class so that it is installed once per process.

    Without `stream`, it writes to the sys.stderr of the moment, which a test runner may replace.
    """

    def __init__(self, stream: TextIO | None = None):
        super().__init__()
        self.stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        try:
            (self.stream or sys.stderr).write(self.format(record) + "\n")
        except (OSError, ValueError):
            self.handleError(record)


def init_app(app: Flask) -> None:
    handler = next((one for one in logging.getLogger(PACKAGES[0]).handlers if isinstance(one, Handler)), Handler())
    handler.setFormatter(FORMATS[app.config["RELAIS_LOGS"]]())
    for name in PACKAGES:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        if handler not in logger.handlers:
            logger.addHandler(handler)
    app.log_exception = _log_exception  # type: ignore[method-assign]  # Flask's own method logs the URL
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def _log_exception(exc_info: ExcInfo) -> None:
    log.error("erreur imprévue", exc_info=exc_info, extra={"facts": {"method": request.method, "route": _route()}})


def _route() -> str:
    return request.url_rule.rule if request.url_rule else ""


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    request_id.set(given if GIVEN.fullmatch(given) else uuid.uuid4().hex)
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_id.get()
    if request.endpoint and request.endpoint.endswith(("static", "healthz", "readyz")):
        return response
    facts: dict[str, object] = {
        "method": request.method,
        "route": _route(),
        "status": response.status_code,
        "ms": round((time.perf_counter() - g.began) * 1000),
    }
    # Kept by whoever loaded the account: no query for the log, which must be written when the database is down.
    if account := g.get("account"):
        facts["user"] = account
    log.info("requête", extra={"facts": facts})
    return response


def _forget(_error: BaseException | None) -> None:
    request_id.set("")
