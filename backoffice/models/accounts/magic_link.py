"""Magic links: to start a Fiche ASL, to resume one, to log in without a password."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.base import Instant, Model
from backoffice.models.territoires import Territoire

from .account import User


class Link(Model):
    """The e-mail carries the token, 256 random bits; the database stores only its SHA-256.

    Without user_id, the address is not confirmed yet: the account, the structure and its first fiche are created on
    confirmation.
    """

    __tablename__ = "link"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    email: Mapped[str] = mapped_column(String(160), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    user: Mapped[User | None] = relationship()
    page: Mapped[str] = mapped_column(String(200), default="")
    """Path of the page that it opens."""
    single_use: Mapped[bool] = mapped_column(default=False)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    name: Mapped[str] = mapped_column(String(100), default="")
    """Name of the person who asked; with `structure` and `territoire`, kept until the address is confirmed."""
    structure: Mapped[str] = mapped_column(String(250), default="")
    territoire_id: Mapped[int | None] = mapped_column(ForeignKey(Territoire.id))
    territoire: Mapped[Territoire | None] = relationship()

    @property
    def open(self) -> bool:
        """Whether it still works."""
        return self.expires_at > now() and not (self.single_use and self.used_at)
