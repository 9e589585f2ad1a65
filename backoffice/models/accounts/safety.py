"""Account security: recovery codes, log of logins, links that prove an e-mail address."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.base import Instant, Model, Word, one_of

from .account import User


class RecoveryCode(Model):
    """A single-use code that replaces the telephone. The database stores its SHA-256."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class LoginWay(StrEnum):
    """Method of a login or of an attempt."""

    MOT_DE_PASSE = "mot_de_passe"
    LIEN = "lien"
    CODE = "code"
    SECOURS = "secours"

    @property
    def label(self) -> str:
        return WAY_LABELS[self]


WAY_LABELS = {
    LoginWay.MOT_DE_PASSE: "Mot de passe",
    LoginWay.LIEN: "Lien reçu par e-mail",
    LoginWay.CODE: "Code du téléphone",
    LoginWay.SECOURS: "Code de secours",
}


class LoginEvent(Model):
    """A login or a refused attempt. It holds no location and no person but the owner of the account."""

    __tablename__ = "login_event"
    __table_args__ = (
        CheckConstraint(one_of("way", LoginWay), name="way"),
        Index("ix_login_event_user_id", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=now, index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    """None: no account has the address typed, which is not stored."""
    user: Mapped[User | None] = relationship()
    way: Mapped[LoginWay] = mapped_column(Word(LoginWay))
    success: Mapped[bool]
    device: Mapped[str] = mapped_column(String(60))
    """Browser and system, without versions: «Firefox sur Windows»."""
    network: Mapped[str] = mapped_column(String(50))
    """Truncated IP address: /24 for IPv4, /48 for IPv6."""


class ProofKind(StrEnum):
    MOT_DE_PASSE = "mot_de_passe"
    ADRESSE = "adresse"
    RETOUR = "retour"


class Proof(Model):
    """A single-use link sent by e-mail, which proves that an address belongs to a person.

    The e-mail carries the token, the database only its SHA-256. Effect by kind: MOT_DE_PASSE sets a new password;
    ADRESSE makes `email` the address of the account; RETOUR restores `email`, its former address.
    """

    __tablename__ = "proof"
    __table_args__ = (CheckConstraint(one_of("kind", ProofKind), name="kind"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[ProofKind] = mapped_column(Word(ProofKind))
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    user: Mapped[User] = relationship()
    email: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def open(self) -> bool:
        """Whether it can still be used."""
        return self.used_at is None and self.expires_at > now()
