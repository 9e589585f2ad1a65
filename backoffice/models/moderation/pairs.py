"""Other decisions of moderators: fiches declared distinct, contested corrections."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User
from backoffice.models.base import Instant, Model
from backoffice.models.fiches.fiche import Fiche, Revision


class DistinctPair(Model):
    """Two similar fiches that a moderator declared distinct. The smaller id comes first."""

    __tablename__ = "distinct_pair"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        CheckConstraint("first_id < second_id", name="in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id))
    second_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id), index=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Instant, default=now)


class Contestation(Model):
    """A structure's objection to the corrections made by a moderator; open until a moderator answers."""

    __tablename__ = "contestation"
    __table_args__ = (
        CheckConstraint("length(trim(text)) > 0", name="said"),
        CheckConstraint(
            "(closed_at IS NULL) = (closed_by_id IS NULL) AND (closed_at IS NULL) = (answer IS NULL)", name="closed"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey(Revision.id), unique=True)
    """The version that was corrected."""
    revision: Mapped[Revision] = relationship()
    text: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    actor: Mapped[User] = relationship(foreign_keys=[actor_id])
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    answer: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    closed_by: Mapped[User | None] = relationship(foreign_keys=[closed_by_id])
