"""Webhooks: addresses that are told each publication, change and withdrawal, and the log of the attempts.

The history of publications (`Publication`) is the outbox: it is written in the transaction of each decision. A webhook
only keeps its position in it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now

from .base import Instant, Json, Model, Word, one_of
from .flux import Publication
from .territoires import Territoire


class WebhookEvent(StrEnum):
    """What readers see happen to a fiche. The value is the `type` of the message."""

    PUBLIEE = "fiche.publiee"
    MODIFIEE = "fiche.modifiee"
    RETIREE = "fiche.retiree"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    WebhookEvent.PUBLIEE: "Publiée",
    WebhookEvent.MODIFIEE: "Modifiée",
    WebhookEvent.RETIREE: "Retirée",
}


class Webhook(Model):
    """An address and its position. events, territoire_id: what it is told; an empty list and null mean all."""

    __tablename__ = "webhook"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("position >= 0", name="position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(500))
    territoire_id: Mapped[int | None] = mapped_column(ForeignKey(Territoire.id))
    territoire: Mapped[Territoire | None] = relationship()
    events: Mapped[list[str]] = mapped_column(Json, default=list)
    salt: Mapped[str] = mapped_column(String(32))
    """With SECRET_KEY it gives the signing secret, which is stored nowhere."""
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int]
    """Id of the last Publication that its receiver has acknowledged, or that does not concern it."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Failed attempts of the message that follows `position`."""
    error: Mapped[str] = mapped_column(Text, default="")
    """Why the last attempt failed, in French; empty when it succeeded."""
    next_at: Mapped[datetime] = mapped_column(Instant, default=now)
    """Earliest time of the next attempt. A sender that claims the webhook puts it off: a lease."""
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    success_at: Mapped[datetime | None] = mapped_column(Instant)


class WebhookAttempt(Model):
    """One request that was sent. status: of the HTTP answer; null when there was none."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (
        CheckConstraint(one_of("event", WebhookEvent), name="event"),
        Index("ix_webhook_attempt_webhook", "webhook_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey(Webhook.id, ondelete="CASCADE"))
    publication_id: Mapped[int] = mapped_column(ForeignKey(Publication.id))
    numero: Mapped[str] = mapped_column(String(30))
    event: Mapped[WebhookEvent] = mapped_column(Word(WebhookEvent))
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    status: Mapped[int | None]
    error: Mapped[str] = mapped_column(Text, default="")
