"""Log of changes made by hand, append-only by a database trigger.

It covers what is outside the workflow of fiches, whose log is TransitionLog. It holds no personal data: a change of a
person's name or address is logged without its values.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User

from .base import Instant, Model
from .searched import Searched, searched_index
from .territoires import Territoire


class Change(Searched, Model):
    """The change of one value of one row. subject: table name; subject_id: primary key.

    name: the column, or the action. before is "" for a created row, after is "" for a deleted one.
    """

    __tablename__ = "change"
    __table_args__ = (
        CheckConstraint("before <> after", name="changed"),
        Index("ix_change_subject", "subject", "subject_id"),
        *searched_index("change"),
    )
    SEARCHED = ("subject_id", "before", "after")

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    """None: Relais itself."""
    actor: Mapped[User | None] = relationship()
    territoire_id: Mapped[int | None] = mapped_column(ForeignKey(Territoire.id), index=True)
    """Its moderators may read the change; None: administrators only."""
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(60))
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
