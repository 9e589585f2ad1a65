"""What was changed in the settings of a territoire: append-only, in the base too."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .account import User
from .base import Instant, Model, now
from .territoire import Territoire


class SettingChange(Model):
    """One setting, from one value to another, as text. name: of the column of Territoire."""

    __tablename__ = "setting_change"
    __table_args__ = (CheckConstraint("before <> after", name="changed"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    actor: Mapped[User] = relationship()
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id), index=True)
    name: Mapped[str] = mapped_column(String(40))
    before: Mapped[str] = mapped_column(String(200))
    after: Mapped[str] = mapped_column(String(200))
