"""Reasons for a decision on a fiche, as worded by a territoire.

The initial list is backoffice/reference/motifs.toml. A row replaces or extends it for one territoire. Rows are never
deleted; the text sent to a structure is copied in the log of its fiche, whatever happens to the row.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User
from backoffice.models.base import Instant, Json, Model
from backoffice.models.searched import Searched, searched_index
from backoffice.models.territoires import Territoire


class Reason(Searched, Model):
    __tablename__ = "decision_reason"
    __table_args__ = (
        UniqueConstraint("territoire_id", "code"),
        CheckConstraint("length(trim(label)) > 0 AND length(trim(text)) > 0 AND length(trim(cure)) > 0", name="worded"),
        *searched_index("decision_reason"),
    )
    SEARCHED = ("label", "text", "cure")

    id: Mapped[int] = mapped_column(primary_key=True)
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id))
    code: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    """Shown to the structure."""
    cure: Mapped[str] = mapped_column(Text)
    """What the structure can do."""
    transitions: Mapped[list[str]] = mapped_column(Json)
    """Names of the transitions for which it can be chosen."""
    active: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime] = mapped_column(Instant, default=now)
    updated_by_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    updated_by: Mapped[User] = relationship()
