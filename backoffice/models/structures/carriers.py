"""Carriers: structures with a SIRET asked to lend their name to one without."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import Organisme
from backoffice.models.base import Instant, Model


class Support(Model):
    """A request sent to a carrier. The e-mail carries the token, the database only its SHA-256.

    The answer is valid for all the fiches of the structure: a carrier is asked once.
    """

    __tablename__ = "support"
    __table_args__ = (UniqueConstraint("organisme_id", "siret", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    organisme_id: Mapped[int] = mapped_column(ForeignKey(Organisme.id, ondelete="CASCADE"))
    organisme: Mapped[Organisme] = relationship()
    siret: Mapped[str] = mapped_column(String(14))
    nom: Mapped[str] = mapped_column(String(250))
    email: Mapped[str] = mapped_column(String(160))
    asked_at: Mapped[datetime] = mapped_column(Instant, default=now)
    accepted: Mapped[bool | None]
    """None until it answers; the answer may change."""
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
