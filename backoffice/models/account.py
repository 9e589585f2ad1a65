"""People, the structures they act for, the territories they serve, and their open connections."""

from __future__ import annotations

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.permissions import Permission, Role, granted

from .base import Instant, Json, Model, Word, now
from .content import Document
from .territoire import Territoire


class Organisme(Model):
    """A structure that offers training: association, organisme de formation, school…"""

    __tablename__ = "organisme"

    id: Mapped[int] = mapped_column(primary_key=True)
    nom: Mapped[str] = mapped_column(String(250))
    siret: Mapped[str] = mapped_column(String(14), default="", index=True)
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id))
    territoire: Mapped[Territoire] = relationship()
    structure: Mapped[Document] = mapped_column(Json, default=dict)
    """content.Structure as a document: what step 1 of its first fiche is filled with."""
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)


class User(UserMixin, Model):
    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(160), unique=True)
    """Always in lower case."""
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    administrator: Mapped[bool] = mapped_column(default=False)
    demonstration: Mapped[bool] = mapped_column(default=False)
    """An account with a public password: it can log in only in demonstration mode."""
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the person last came in; null when they never did."""
    memberships: Mapped[list[Membership]] = relationship(
        back_populates="user", lazy="selectin", order_by="Membership.id"
    )
    assignments: Mapped[list[Assignment]] = relationship(
        back_populates="user", lazy="selectin", order_by="Assignment.id"
    )

    login_token = ""
    """Of the present connection, in memory only: what the cookie carries (see Login)."""

    def get_id(self) -> str:
        return self.login_token

    @property
    def is_active(self) -> bool:
        return self.active

    @property
    def roles(self) -> set[Role]:
        roles = {m.role for m in self.memberships} | {a.role for a in self.assignments}
        return roles | {Role.ADMINISTRATEUR} if self.administrator else roles

    @property
    def permissions(self) -> frozenset[Permission]:
        return granted(self.roles)

    def can(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def organisme_ids(self) -> set[int]:
        return {membership.organisme_id for membership in self.memberships}

    def funds(self, territoire_id: int, programme: str, departement: str) -> bool:
        """Whether the person follows such grants as a funder: see queries.conventions.funded for the same in SQL."""
        mine = (row for row in self.assignments if row.role is Role.FINANCEUR)
        return any(row.covers(territoire_id, programme, departement) for row in mine)

    def territoire_ids(self, role: Role) -> set[int]:
        return {assignment.territoire_id for assignment in self.assignments if assignment.role is role}


class Membership(Model):
    """A person who enters the fiches of a structure."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("user_id", "organisme_id"),
        CheckConstraint("role IN ('saisie', 'responsable')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    organisme_id: Mapped[int] = mapped_column(ForeignKey(Organisme.id), index=True)
    role: Mapped[Role] = mapped_column(Word(Role), default=Role.SAISIE)
    user: Mapped[User] = relationship(back_populates="memberships")
    organisme: Mapped[Organisme] = relationship(lazy="joined")


class Assignment(Model):
    """A person who serves a territoire, as moderator or as funder."""

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("user_id", "territoire_id", "role"),
        CheckConstraint("role IN ('moderateur', 'financeur')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id))
    role: Mapped[Role] = mapped_column(Word(Role))
    programmes: Mapped[list[str]] = mapped_column(Json, default=list)
    """Of a funder: codes of the programmes and of the départements that it follows; empty: all of the territoire."""
    departements: Mapped[list[str]] = mapped_column(Json, default=list)
    user: Mapped[User] = relationship(back_populates="assignments")
    territoire: Mapped[Territoire] = relationship(lazy="joined")

    def covers(self, territoire_id: int, programme: str, departement: str) -> bool:
        """Whether what this programme grants in this département is within it."""
        return (
            self.territoire_id == territoire_id
            and (not self.programmes or programme in self.programmes)
            and (not self.departements or departement in self.departements)
        )


class Login(Model):
    """One open connection of a person. The cookie carries the token, the base only its SHA-256."""

    __tablename__ = "login"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    opened_at: Mapped[datetime] = mapped_column(Instant, default=now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    user: Mapped[User] = relationship()
