"""Invitations and requests to join, and structures left without members."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.core.permissions import Role
from backoffice.models.base import Instant, Json, Model, Word, one_of
from backoffice.models.territoires import Territoire

from .account import Organisme, User


class InvitationState(StrEnum):
    OUVERTE = "ouverte"
    ACCEPTEE = "acceptee"
    RETIREE = "retiree"


class JoinState(StrEnum):
    EN_ATTENTE = "en_attente"
    ACCEPTEE = "acceptee"
    REFUSEE = "refusee"
    RETIREE = "retiree"


_OPEN = text("state = 'ouverte'")
_OPEN_NETWORK = text("state = 'ouverte' AND role = 'administrateur'")
_WAITING = text("state = 'en_attente'")


class Invitation(Model):
    """A role offered to the owner of an e-mail address. The e-mail carries the token, the database only its SHA-256.

    organisme is set for a structure's member, territoire for a moderator or funder, neither for an administrator. An
    address has at most one open invitation to the same thing.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint(one_of("state", InvitationState), name="state"),
        CheckConstraint(one_of("role", Role), name="role"),
        CheckConstraint("(role IN ('saisie', 'responsable')) = (organisme_id IS NOT NULL)", name="of_a_structure"),
        CheckConstraint("(role IN ('moderateur', 'financeur')) = (territoire_id IS NOT NULL)", name="of_a_territoire"),
        CheckConstraint("(state = 'ouverte') = (closed_at IS NULL)", name="closed"),
        CheckConstraint("(state = 'acceptee') = (accepted_by_id IS NOT NULL)", name="accepted"),
        Index(
            "uq_invitation_structure",
            "email",
            "organisme_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "uq_invitation_territoire",
            "email",
            "territoire_id",
            "role",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "uq_invitation_network", "email", unique=True, sqlite_where=_OPEN_NETWORK, postgresql_where=_OPEN_NETWORK
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(160))
    """In lower case, like those of accounts. Only this address can accept."""
    role: Mapped[Role] = mapped_column(Word(Role))
    organisme_id: Mapped[int | None] = mapped_column(ForeignKey(Organisme.id), index=True)
    organisme: Mapped[Organisme | None] = relationship()
    territoire_id: Mapped[int | None] = mapped_column(ForeignKey(Territoire.id))
    territoire: Mapped[Territoire | None] = relationship()
    programmes: Mapped[list[str]] = mapped_column(Json, default=list)
    """Of a funder, as in Assignment."""
    departements: Mapped[list[str]] = mapped_column(Json, default=list)
    state: Mapped[InvitationState] = mapped_column(Word(InvitationState), default=InvitationState.OUVERTE)
    invited_by_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    invited_by: Mapped[User] = relationship(foreign_keys=[invited_by_id])
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    sent_at: Mapped[datetime] = mapped_column(Instant, default=now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))

    @property
    def expired(self) -> bool:
        """Still open, but its link has expired: it can be sent again."""
        return self.state is InvitationState.OUVERTE and self.expires_at <= now()

    @property
    def open(self) -> bool:
        """Whether its link still works."""
        return self.state is InvitationState.OUVERTE and self.expires_at > now()


class JoinRequest(Model):
    """A person asks to write fiches for a structure already in Relais."""

    __tablename__ = "join_request"
    __table_args__ = (
        CheckConstraint(one_of("state", JoinState), name="state"),
        CheckConstraint("(state = 'en_attente') = (closed_at IS NULL)", name="closed"),
        CheckConstraint("state NOT IN ('acceptee', 'refusee') OR decided_by_id IS NOT NULL", name="decided"),
        Index(
            "uq_join_request_waiting",
            "user_id",
            "organisme_id",
            unique=True,
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisme_id: Mapped[int] = mapped_column(ForeignKey(Organisme.id), index=True)
    organisme: Mapped[Organisme] = relationship()
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    words: Mapped[str] = mapped_column(Text)
    """What the person wrote about themselves for those who decide."""
    state: Mapped[JoinState] = mapped_column(Word(JoinState), default=JoinState.EN_ATTENTE)
    asked_at: Mapped[datetime] = mapped_column(Instant, default=now)
    due_on: Mapped[date]
    """Last day on which only the responsables of the structure decide; moderators may decide after it."""
    escalated_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the moderators were notified."""
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])


class Orphan(Model):
    """A structure without active members, already reported to moderators: see queries.structures.orphans."""

    __tablename__ = "orphan"

    organisme_id: Mapped[int] = mapped_column(ForeignKey(Organisme.id, ondelete="CASCADE"), primary_key=True)
    noticed_at: Mapped[datetime] = mapped_column(Instant, default=now)
