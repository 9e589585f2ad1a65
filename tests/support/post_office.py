"""A real local SMTP server, which stores the messages it receives and can be told to fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from backoffice.core.extensions import post

from .services import free_port


class PostOffice:
    """answers: replies that replace success, by SMTP step, e.g. {"rcpt": "550 nobody"}.

    hung_up: addresses on which it closes the connection. accents: whether it takes addresses that are not ASCII.
    """

    def __init__(self, *, accents: bool = True) -> None:
        self.hung_up: set[str] = set()
        self.messages: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.unknown: set[str] = set()
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=accents)

    async def handle_RCPT(  # noqa: N802 - names of aiosmtpd
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.hung_up:
            server.transport.close()
            return "421 jamais lu"
        if address in self.unknown:
            return "550 personne ici"
        if "rcpt" in self.answers:
            return self.answers["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 oui"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answers.get("data") == "silence":
            server.transport.close()
            return "250 jamais lu"
        if "data" in self.answers:
            return self.answers["data"]
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 oui"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.port}"

    def received(self) -> Counter[str]:
        """Number of copies received of each message, by Message-ID."""
        return Counter(str(message["Message-ID"]).strip() for message in self.messages)


@contextmanager
def open_office(*, accents: bool = True) -> Iterator[PostOffice]:
    """Relais sends its e-mails through this server inside the block."""
    office = PostOffice(accents=accents)
    office.controller.start()
    before = post.server, post.sender
    post.server, post.sender = office.url, "Relais <relais@relais.example>"
    try:
        yield office
    finally:
        post.server, post.sender = before
        office.controller.stop()
