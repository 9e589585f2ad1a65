"""What was done with personal data: erased on request, or by the periods of `backoffice/reference/conservation.toml`.

None of these rows says who: an account is told by its number, which leads to nobody once it is erased.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User

from .base import Instant, Json, Model


class Erasure(Model):
    """The proof that an account was erased: one row an account, append-only."""

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(User.id), unique=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    """The person themself, an administrator, or the account of what Relais does by itself."""
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    counts: Mapped[dict[str, int]] = mapped_column(Json)
    """Rows deleted or emptied, by key of workflows.privacy.personal_data.HOLDINGS."""
    account: Mapped[User] = relationship(foreign_keys=[account_id])
    actor: Mapped[User] = relationship(foreign_keys=[actor_id])


class RetentionRun(Model):
    """One run of workflows.privacy.retention. ended_at: null while it works, and for ever if it was killed."""

    __tablename__ = "retention_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(Instant, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    counts: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    """What was erased, by kind: written with each batch."""


class RetentionNotice(Model):
    """Somebody was told that something of theirs will be erased.

    subject: id of the account or of the version. since: the moment its period was counted from; when that moment
    has moved, somebody came back, and the notice is worth nothing any more.
    """

    __tablename__ = "retention_notice"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime] = mapped_column(Instant, default=now)
