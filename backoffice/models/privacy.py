"""Erasures of personal data, on request or at the end of the periods of `backoffice/reference/conservation.toml`.

These rows hold no personal data: an account is known by its id, which identifies nobody once it is erased.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User

from .base import Instant, Json, Model


class Erasure(Model):
    """Evidence that an account was erased: one row per account, append-only."""

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(User.id), unique=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    """The person, an administrator, or the account of Relais itself."""
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    counts: Mapped[dict[str, int]] = mapped_column(Json)
    """Rows deleted or emptied, by key of workflows.privacy.personal_data.HOLDINGS."""
    account: Mapped[User] = relationship(foreign_keys=[account_id])
    actor: Mapped[User] = relationship(foreign_keys=[actor_id])


class RetentionRun(Model):
    """A run of workflows.privacy.retention. ended_at: null while it runs, and for ever if it was killed."""

    __tablename__ = "retention_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(Instant, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    counts: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    """Rows erased, by kind; updated with each batch."""


class RetentionNotice(Model):
    """A person was warned that some of their data will be erased.

    subject: id of the account or of the revision. since: start of the retention period. When that start has changed,
    the person has come back and the notice is void.
    """

    __tablename__ = "retention_notice"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime] = mapped_column(Instant, default=now)
