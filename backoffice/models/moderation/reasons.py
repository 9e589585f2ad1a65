"""The reasons for which a fiche is refused or suspended, as one territoire words them.

The list that every territoire starts with is data (backoffice/reference/motifs.toml). A row here is what
a territoire wrote over it, or added. Rows are never deleted; what was said to a structure stays with the
log of its fiche, whatever becomes of the row.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User
from backoffice.models.base import Instant, Json, Model
from backoffice.models.territoires import Territoire


class Reason(Model):
    __tablename__ = "decision_reason"
    __table_args__ = (
        UniqueConstraint("territoire_id", "code"),
        CheckConstraint("length(trim(label)) > 0 AND length(trim(text)) > 0 AND length(trim(cure)) > 0", name="worded"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id))
    code: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    """What the structure reads."""
    cure: Mapped[str] = mapped_column(Text)
    """What the structure can do."""
    transitions: Mapped[list[str]] = mapped_column(Json)
    """Names of the transitions that it explains."""
    active: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime] = mapped_column(Instant, default=now)
    updated_by_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    updated_by: Mapped[User] = relationship()
