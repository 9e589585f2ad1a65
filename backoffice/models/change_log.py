"""Who changed what, from which value to which: append-only, in the base too.

It holds what is set by hand outside the life of fiches, whose own log is TransitionLog. It never holds a
personal datum: what a person is called or where they are written to changes without its values.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User

from .base import Instant, Model
from .territoires import Territoire


class Change(Model):
    """One value of one row, from one text to another. subject: name of its table; subject_id: its primary key.

    name: of the column, or of what was done. before is "" for a row that was made, after for one that was deleted.
    """

    __tablename__ = "change"
    __table_args__ = (
        CheckConstraint("before <> after", name="changed"),
        Index("ix_change_subject", "subject", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    """None: Relais by itself."""
    actor: Mapped[User | None] = relationship()
    territoire_id: Mapped[int | None] = mapped_column(ForeignKey(Territoire.id), index=True)
    """The territoire whose moderators may read it; None: administrators alone."""
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(60))
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
