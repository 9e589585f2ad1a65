"""Outbox of e-mails, inbox of each person in Relais, and muted notices.

An e-mail is a row written in the transaction of the event it announces. Its state:

    a_envoyer → en_cours → remis → envoye
         ↑_________|          |→ incertain   handed to the server, which did not answer: a person decides
         ↑____________________|              temporary refusal of the server
                               → refuse      permanent refusal, or too many attempts
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.clock import now
from backoffice.core.sealing import Sealed
from backoffice.models.accounts.account import User
from backoffice.models.fiches.fiche import Fiche

from .base import Instant, Json, Model, Word, one_of
from .searched import Searched, searched_index


class MailState(StrEnum):
    A_ENVOYER = "a_envoyer"
    EN_COURS = "en_cours"
    REMIS = "remis"
    ENVOYE = "envoye"
    INCERTAIN = "incertain"
    REFUSE = "refuse"
    ANNULE = "annule"

    @property
    def label(self) -> str:
        return MAIL_LABELS[self]


MAIL_LABELS = {
    MailState.A_ENVOYER: "À envoyer",
    MailState.EN_COURS: "Envoi en cours",
    MailState.REMIS: "Remis au serveur, réponse attendue",
    MailState.ENVOYE: "Envoyé",
    MailState.INCERTAIN: "Peut-être envoyé, à vérifier",
    MailState.REFUSE: "Refusé",
    MailState.ANNULE: "Abandonné",
}


class Mail(Searched, Model):
    """An e-mail to one address. `key` is unique: an event is sent at most once to an address (idempotent)."""

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint(one_of("state", MailState), name="state"),
        CheckConstraint("(state = 'envoye') = (sent_at IS NOT NULL)", name="sent"),
        CheckConstraint("state NOT IN ('en_cours', 'remis') OR claimed_at IS NOT NULL", name="claimed"),
        Index("ix_mail_due", "state", "next_at"),
        *searched_index("mail"),
        Index("ix_mail_address", "address", "created_at"),
    )
    SEARCHED = ("address",)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of notice, event and address, in hexadecimal; the Message-ID begins with its first half."""
    notice: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(160))
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"), index=True)
    fiche_id: Mapped[int | None] = mapped_column(ForeignKey(Fiche.id), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Sealed)
    html: Mapped[str] = mapped_column(Sealed)
    secret: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Its text holds a magic link or another token: it is erased once sent."""
    state: Mapped[MailState] = mapped_column(Word(MailState), default=MailState.A_ENVOYER)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    """Last error returned by the server."""
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    next_at: Mapped[datetime] = mapped_column(Instant, default=now)
    """Earliest time of the next attempt."""
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    """Last time a process claimed it."""
    sent_at: Mapped[datetime | None] = mapped_column(Instant)


class Notification(Model):
    """One line of a person's inbox in Relais."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index("ix_notification_unread", "user_id", "read_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(64))
    notice: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200))
    page: Mapped[str] = mapped_column(String(200))
    """Path of the related page in Relais; may be empty."""
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    read_at: Mapped[datetime | None] = mapped_column(Instant)


class Mute(Model):
    """A person disabled the e-mails of a notice; the inbox in Relais still shows it."""

    __tablename__ = "mute"

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    notice: Mapped[str] = mapped_column(String(40), primary_key=True)


class FailedJob(Model):
    """A background job that failed in this process, when there is no Redis to record it."""

    __tablename__ = "failed_job"

    id: Mapped[int] = mapped_column(primary_key=True)
    function: Mapped[str] = mapped_column(String(200))
    arguments: Mapped[list[str | int | bool | None]] = mapped_column(Json, default=list)
    reason: Mapped[str] = mapped_column(Text)
    """Traceback; its last line comes first."""
    failed_at: Mapped[datetime] = mapped_column(Instant, default=now)
