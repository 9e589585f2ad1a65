"""A real local HTTP server that receives webhooks, checks their signature and can be told to fail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from backoffice.core.outgoing import outgoing


class Receiver:
    """requests: (webhook-id, body as JSON, headers) of each request, in order, answered well or not.

    answer: the status of the next request, from its number. secret: checked when it is known.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any, dict[str, str]]] = []
        self.answer: Callable[[int], int] = lambda _number: 204
        self.secret = ""
        self.wrong: list[str] = []
        self.pause = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take({name.lower(): text for name, text in self.headers.items()}, body)
                time.sleep(receiver.pause)
                try:
                    self.send_response(status)
                    if status == 302:
                        self.send_header("Location", receiver.url)
                    self.end_headers()
                except OSError:
                    return  # the sender was killed

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/relais?cle=1"

    def take(self, headers: dict[str, str], body: bytes) -> int:
        with self.lock:
            if self.secret and not signed(self.secret, headers, body):
                self.wrong.append(headers["webhook-id"])
            self.requests.append((headers["webhook-id"], json.loads(body), headers))
            return self.answer(len(self.requests))

    def told(self) -> list[tuple[str, str]]:
        """(type, numero) of each message, those that came again dropped as a receiver does."""
        seen = {name: body for name, body, _ in self.requests}
        return [(body["type"].removeprefix("fiche."), body["data"]["numero"]) for body in seen.values()]


def signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """The verification that Standard Webhooks asks of receivers."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(f"v1,{expected}", one) for one in headers["webhook-signature"].split())


@contextmanager
def open_receiver() -> Iterator[Receiver]:
    """A receiver that Relais may reach inside the block."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    before, outgoing.local = outgoing.local, True
    try:
        yield receiver
    finally:
        outgoing.local = before
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join(10)
