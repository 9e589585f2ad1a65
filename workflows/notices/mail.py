"""Sends the e-mails of the outbox, each at most once.

A process claims an e-mail (``en_cours``), runs the SMTP dialogue up to DATA, commits ``remis``, then sends the message.
Killed before ``remis``, nothing was sent: the sweep tries again. Killed after, the outcome is unknown: the sweep marks
it ``incertain`` and an administrator decides, because a duplicate e-mail is worse than a visible doubt.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.extensions import post
from backoffice.core.transactions import atomic
from backoffice.models import Mail, MailState
from workflows.conventions import pne_contacts
from workflows.work.jobs import start

TIMEOUT = 20
"""Timeout of the SMTP server, in seconds."""
LEASE = timedelta(minutes=10)
"""Time after which a claimed e-mail without outcome is released: its process is considered dead."""
DELAYS = (1, 5, 15, 60, 240, 720, 1440)
"""Minutes before each new attempt; after the last one the e-mail is marked as refused."""
BATCH = 200
LOST = 3
"""Connections that may be lost in a batch before the server is considered down."""
FORGOTTEN = "Ce message contenait un lien personnel : son texte est effacé depuis son envoi."

log = logging.getLogger(__name__)


def wake(ids: Sequence[int]) -> None:
    """Starts sending these e-mails: in a worker, or in this process without Redis."""
    if post.server:
        start("workflows.notices.mail.send", [",".join(map(str, ids))])


def send(ids: str) -> None:
    """Job: sends those of these e-mails that are waiting. ids: ``"12,13"``, since jobs take plain arguments."""
    _send([int(id_) for id_ in ids.split(",")])


def sweep() -> None:
    """Job, every minute: releases the e-mails of dead processes, retries those that are due."""
    _release()
    if not post.server:
        return
    due = select(Mail.id).where(Mail.state == MailState.A_ENVOYER, Mail.next_at <= now()).order_by(Mail.id)
    with atomic() as session:
        ids = session.scalars(due.limit(BATCH)).all()
    _send(ids)


def retry(session: Session, mail: Mail) -> bool:
    """Requeues a refused or uncertain e-mail, with a new series of attempts; False when in another state."""
    return _change(session, mail.id, (MailState.REFUSE, MailState.INCERTAIN), MailState.A_ENVOYER, attempts=0)


def abandon(session: Session, mail: Mail) -> bool:
    """Cancels an e-mail that was not sent; False when it is too late."""
    sources = (MailState.A_ENVOYER, MailState.REFUSE, MailState.INCERTAIN)
    done = _change(session, mail.id, sources, MailState.ANNULE, claimed_at=None)
    if done:
        _forget(session, mail.id)
    return done


def _forget(session: Session, mail_id: int) -> None:
    """Erases the text of a secret e-mail, which holds a personal link."""
    session.execute(update(Mail).where(Mail.id == mail_id, Mail.secret).values(text=FORGOTTEN, html=FORGOTTEN))


class NotAcceptedError(Exception):
    """The server rejected the message. lasting: permanently (5xx)."""

    def __init__(self, reason: str, *, lasting: bool):
        super().__init__(reason)
        self.lasting = lasting


class DoubtError(Exception):
    """The connection was lost after DATA: the e-mail may have left."""


def _send(ids: Sequence[int]) -> None:
    """Sends over one connection, opened again after an e-mail on which the server hung up.

    Only that e-mail then loses an attempt. When no connection can be opened, or too many are lost, all that remain are
    postponed to the sweep.
    """
    waiting, lost = list(ids), 0
    while waiting:
        held: list[int] = []
        try:
            with _connection() as server:
                while waiting:
                    if (message := _claim(waiting[0])) is not None:
                        held = waiting[:1]
                        _give(server, waiting[0], *message)
                    held, waiting = [], waiting[1:]
        except DoubtError:
            return  # another one would be in doubt as well: the sweep takes those that wait
        except (OSError, smtplib.SMTPException) as error:
            log.warning("le serveur d’envoi ne répond pas (%s)", type(error).__name__)
            why = f"le serveur d’envoi ne répond pas : {_words(error)}"
            lost += 1
            waiting = waiting[len(held) :]
            down = not held or lost > LOST
            with atomic() as session:
                # Leave those claimed meanwhile by another process: released here, they could be sent twice.
                _postpone(session, held, why, (MailState.EN_COURS,))
                if down:
                    _postpone(session, waiting, why, (MailState.A_ENVOYER,))
            if down:
                return


def _plain(address: str) -> str:
    """The address with its domain in punycode, which every server takes."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return address


def _options(server: smtplib.SMTP, address: str) -> list[str]:
    """Options of MAIL for this address. Raises NotAcceptedError when the server takes no accents and it has some."""
    if address.isascii():
        return []
    if server.has_extn("smtputf8"):
        return ["SMTPUTF8"]
    raise NotAcceptedError("le serveur d’envoi n’accepte pas les lettres accentuées d’une adresse", lasting=True)


def _give(server: smtplib.SMTP, mail_id: int, address: str, message: bytes) -> None:
    """Sends one claimed e-mail. Raises OSError or SMTPException when the connection is lost."""
    nobody = False
    try:
        _ask(*server.mail(_sender(), _options(server, address)))
        nobody = True
        _ask(*server.rcpt(address))
    except NotAcceptedError as no:
        _refused(mail_id, no)
        if nobody and no.lasting:
            with atomic() as session:
                pne_contacts.refused_by_server(session, address, str(no))
        server.rset()
        return
    with atomic() as session:
        if not _change(session, mail_id, (MailState.EN_COURS,), MailState.REMIS):
            return  # the claim was released meanwhile
    try:
        _ask(*server.data(message))
    except (smtplib.SMTPDataError, NotAcceptedError) as no:
        code = getattr(no, "smtp_code", 0)
        _refused(mail_id, NotAcceptedError(_words(no), lasting=code >= 500 or getattr(no, "lasting", False)))
        return
    except (OSError, smtplib.SMTPException) as error:
        with atomic() as session:
            _change(session, mail_id, (MailState.REMIS,), MailState.INCERTAIN, error=_words(error))
        raise DoubtError from error
    with atomic() as session:
        _change(session, mail_id, (MailState.REMIS,), MailState.ENVOYE, sent_at=now(), error="")
        _forget(session, mail_id)


def _ask(code: int, answer: bytes) -> None:
    if not 200 <= code < 300:
        raise NotAcceptedError(f"{code} {answer.decode('utf-8', 'replace')}", lasting=code >= 500)


def _claim(mail_id: int) -> tuple[str, bytes] | None:
    """Claims a waiting e-mail: (address, message bytes); None when it is no longer waiting."""
    with atomic() as session:
        mine = _change(session, mail_id, (MailState.A_ENVOYER,), MailState.EN_COURS, claimed_at=now())
        if not mine:
            return None
        mail = session.get_one(Mail, mail_id, populate_existing=True)
        mail.attempts += 1
        try:
            address = _plain(mail.address)
            return address, _message(mail, address).as_bytes()
        except (ValueError, LookupError) as error:  # an address or a subject that no header can hold
            _change(session, mail_id, (MailState.EN_COURS,), MailState.REFUSE, error=_words(error))
            return None


def _message(mail: Mail, address: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP if address.isascii() else SMTPUTF8)
    message["Subject"] = mail.subject
    message["From"] = post.sender
    message["To"] = address
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.key[:32]}@{urlsplit(post.site).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    # A line of a message is limited to 998 bytes (RFC 5322); a paragraph may be longer.
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return message


def _sender() -> str:
    return parseaddr(post.sender)[1]


def _refused(mail_id: int, no: NotAcceptedError) -> None:
    with atomic() as session:
        if no.lasting:
            _change(session, mail_id, (MailState.EN_COURS, MailState.REMIS), MailState.REFUSE, error=str(no))
        else:
            _postpone(session, [mail_id], str(no), (MailState.EN_COURS, MailState.REMIS))


def _postpone(session: Session, ids: Sequence[int], error: str, sources: tuple[MailState, ...]) -> None:
    """Schedules a new attempt, per DELAYS, for those in one of `sources`; marks as refused after the last one."""
    rows = select(Mail).where(Mail.id.in_(ids), Mail.state.in_(sources))
    for mail in session.scalars(rows.with_for_update().execution_options(populate_existing=True)):
        attempts = mail.attempts + (mail.state is MailState.A_ENVOYER)
        last = attempts > len(DELAYS)
        _change(
            session,
            mail.id,
            sources,
            MailState.REFUSE if last else MailState.A_ENVOYER,
            attempts=attempts,
            error=error,
            next_at=now() if last else now() + timedelta(minutes=DELAYS[attempts - 1]),
        )


def _release() -> None:
    """Releases the claims of dead processes: ``en_cours`` waits again, ``remis`` becomes ``incertain``."""
    late = or_(Mail.claimed_at.is_(None), Mail.claimed_at <= now() - LEASE)
    with atomic() as session:
        for held, then in ((MailState.EN_COURS, MailState.A_ENVOYER), (MailState.REMIS, MailState.INCERTAIN)):
            session.execute(update(Mail).where(Mail.state == held, late).values(state=then))


def _change(
    session: Session, mail_id: int, sources: tuple[MailState, ...], target: MailState, **values: object
) -> bool:
    """Compare-and-set of the state; False when it is no longer in `sources`."""
    moved = session.execute(
        update(Mail)
        .where(Mail.id == mail_id, Mail.state.in_(sources))
        .values(**{"state": target, "next_at": now(), **values})
        .returning(Mail.id)
    ).scalar()
    return moved is not None


@contextmanager
def _connection() -> Iterator[smtplib.SMTP]:
    address = urlsplit(post.server)
    context = ssl.create_default_context()
    host = address.hostname or ""
    if address.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, address.port or 465, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, address.port or (587 if "starttls" in address.scheme else 25), timeout=TIMEOUT)
    with server:
        if address.scheme == "smtp+starttls":
            server.starttls(context=context)
        server.ehlo_or_helo_if_needed()
        if address.username:
            server.login(unquote(address.username), unquote(address.password or ""))
        yield server


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
