"""Users, the structures and territoires they act for, their logins."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.core.permissions import SECOND_FACTOR_ROLES, Permission, Role, granted
from backoffice.core.sealing import Sealed
from backoffice.models.base import Instant, Json, Model, Word
from backoffice.models.content import Document, Lieu, Structure, dump_part, load_part
from backoffice.models.searched import Searched, searched_index
from backoffice.models.territoires import Territoire


class Organisme(Searched, Model):
    """A structure that offers training: association, organisme de formation, school…

    The columns are the only source of its name, category and registration numbers; `structure` holds the rest of
    its own description. A new fiche copies them and keeps that copy: see workflows.structures.operations.
    """

    __tablename__ = "organisme"
    __table_args__ = (
        CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="merged_elsewhere"),
        *searched_index("organisme"),
    )
    SEARCHED = ("nom", "siret", "nda", "rna", "uai", "structure")

    id: Mapped[int] = mapped_column(primary_key=True)
    nom: Mapped[str] = mapped_column(String(250))
    categorie: Mapped[str] = mapped_column(String(30), default="", server_default="")
    """A code of vocabulary.CATEGORIES; "" when unknown."""
    siret: Mapped[str] = mapped_column(String(14), default="", index=True)
    nda: Mapped[str] = mapped_column(String(11), default="", server_default="", index=True)
    """Numéro de déclaration d’activité: `numero_activite` in a content."""
    rna: Mapped[str] = mapped_column(String(10), default="", server_default="", index=True)
    uai: Mapped[str] = mapped_column(String(8), default="", server_default="", index=True)
    qualiopi: Mapped[bool | None]
    """Whether it is certified; None: unknown."""
    qualiopi_categories: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    """Codes of vocabulary.QUALIOPI."""
    qualiopi_until: Mapped[date | None]
    qualiopi_source: Mapped[str] = mapped_column(String(120), default="", server_default="")
    """The source of this information: a register, or the structure itself."""
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id))
    territoire: Mapped[Territoire] = relationship()
    commune: Mapped[str] = mapped_column(String(5), default="", server_default="", index=True)
    """Copy of the code Insee of its address, to find duplicates."""
    structure: Mapped[Document] = mapped_column(Json, default=dict)
    """content.Structure as a document, without the values held by columns: address, contact, carrier…"""
    contacts: Mapped[dict[str, Document]] = mapped_column(Json, default=dict, server_default="{}")
    """{code of vocabulary.USAGES: content.Contact}: the contacts that a fiche does not ask for."""
    lieux: Mapped[list[Document]] = mapped_column(Json, default=list, server_default="[]")
    """content.Lieu as documents: its usual locations."""
    said_at: Mapped[datetime | None] = mapped_column(Instant)
    """Last change made on its own page; values of a fiche sent later are newer. None: never."""
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisme.id", name="fk_organisme_merged_into_id"), index=True
    )
    """The structure that was kept in a merge. No user acts for this row any more: see workflows.structures.merge."""
    merged_into: Mapped[Organisme | None] = relationship(remote_side="Organisme.id")
    set_aside: Mapped[Document] = mapped_column(Json, default=dict, server_default="{}")
    """Of a merged structure: values of the kept one that this one's values replaced, {name: value}."""

    @classmethod
    def search_values(cls, row: Mapping[str, Any]) -> Iterable[str]:
        """Its columns, and from its document the official name, the town and the telephone of the reception."""
        yield from super().search_values({**row, "structure": ""})
        said = row.get("structure") or {}
        yield said.get("raison_sociale") or ""
        yield (said.get("adresse") or {}).get("ville") or ""
        yield (said.get("contact") or {}).get("telephone") or ""

    @property
    def siren(self) -> str:
        """SIREN: the nine digits of the legal unit."""
        return self.siret[:9]

    @property
    def said(self) -> Structure:
        """Its whole description, in the shape used by a fiche."""
        said = load_part(Structure, self.structure)
        for name, ours in COLUMNS.items():
            setattr(said, ours, getattr(self, name))
        return said

    @said.setter
    def said(self, said: Structure) -> None:
        document = dump_part(said)
        for name, ours in COLUMNS.items():
            setattr(self, name, document.pop(ours))
        self.structure = document
        self.commune = said.adresse.code_insee

    @property
    def places(self) -> list[Lieu]:
        return [load_part(Lieu, document) for document in self.lieux]


COLUMNS = {
    "nom": "nom",
    "categorie": "categorie",
    "siret": "siret",
    "nda": "numero_activite",
    "rna": "rna",
    "uai": "uai",
}
"""{column of Organisme: field of content.Structure with the same value}."""

NUMBERS = ("siret", "nda", "rna", "uai")
"""Those of these columns that are registration numbers."""

OF_FICHES = {"accueil": "contact", "formateurs": "formateur"}
"""{usage: field of content.Structure}: the contacts that a fiche asks for."""


class User(Searched, UserMixin, Model):  # type: ignore[misc]  # flask_login has no types
    __tablename__ = "user_account"
    __table_args__ = searched_index("user_account")
    SEARCHED = ("name", "email")

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(160), unique=True)
    """In lower case."""
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    administrator: Mapped[bool] = mapped_column(default=False)
    demonstration: Mapped[bool] = mapped_column(default=False)
    """An account with a public password: it can log in only in demonstration mode."""
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    """Last login; None: never."""
    memberships: Mapped[list[Membership]] = relationship(
        back_populates="user", lazy="selectin", order_by="Membership.id"
    )
    assignments: Mapped[list[Assignment]] = relationship(
        back_populates="user", lazy="selectin", order_by="Assignment.id"
    )

    second_factor: Mapped[SecondFactor | None] = relationship(back_populates="user", cascade="all, delete-orphan")

    login_token = ""
    """Token of the current login, in memory only: the value of the cookie (see Login)."""

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
    def has_second_factor(self) -> bool:
        return self.second_factor is not None and bool(self.second_factor.secret)

    @property
    def owes_second_factor(self) -> bool:
        """Whether a second factor is required.

        Not for a demonstration account: its password is public on purpose, it works in demonstration mode only, and a
        visitor has no telephone that holds its secret.
        """
        return not self.demonstration and bool(self.roles & SECOND_FACTOR_ROLES)

    @property
    def organisme_ids(self) -> set[int]:
        return {membership.organisme_id for membership in self.memberships}

    @property
    def responsable_ids(self) -> set[int]:
        """Ids of the structures whose members the person manages."""
        return {row.organisme_id for row in self.memberships if row.role is Role.RESPONSABLE}

    def funds(self, territoire_id: int, programme: str, departement: str) -> bool:
        """Whether the person follows these grants as a funder. queries.conventions.scope.funded is the same in SQL."""
        mine = (row for row in self.assignments if row.role is Role.FINANCEUR)
        return any(row.covers(territoire_id, programme, departement) for row in mine)

    def territoires(self, role: Role) -> list[Territoire]:
        """Territoires where the person has this role, by name; a moderator also has those that they collect."""
        mine = [row for row in self.assignments if row.role is role]
        found = {row.territoire.id: row.territoire for row in mine}
        if role is Role.MODERATEUR:
            found |= {other.id: other for row in mine for other in row.collected}
        return sorted(found.values(), key=lambda territoire: territoire.nom)

    def territoire_ids(self, role: Role) -> set[int]:
        return {territoire.id for territoire in self.territoires(role)}


class Membership(Model):
    """A person who writes fiches for a structure."""

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
    """A role of a person in a territoire: moderator or funder."""

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
    """Of a funder: the programmes and départements followed, by code; empty: all those of the territoire."""
    departements: Mapped[list[str]] = mapped_column(Json, default=list)
    user: Mapped[User] = relationship(back_populates="assignments")
    territoire: Mapped[Territoire] = relationship(lazy="joined")
    collected: Mapped[list[Territoire]] = relationship(
        primaryjoin=lambda: Assignment.territoire_id == foreign(Territoire.collected_by_id),
        viewonly=True,
        lazy="joined",
    )
    """Territoires collected by this one: its moderators moderate them too."""

    def covers(self, territoire_id: int, programme: str, departement: str) -> bool:
        """Whether grants of this programme in this département are in its scope."""
        return (
            self.territoire_id == territoire_id
            and (not self.programmes or programme in self.programmes)
            and (not self.departements or departement in self.departements)
        )


def moderates(territoire_ids: Collection[int | None]) -> ColumnElement[bool]:
    """Condition on Assignment: moderator of one of these territoires, or of the territoire that collects it."""
    collectors = select(Territoire.collected_by_id).where(Territoire.id.in_(territoire_ids))
    return and_(
        Assignment.role == Role.MODERATEUR,
        or_(Assignment.territoire_id.in_(territoire_ids), Assignment.territoire_id.in_(collectors)),
    )


class SecondFactor(Model):
    """TOTP secret of a person (RFC 6238). It is shared with the telephone, hence encrypted and not hashed.

    secret: in base 32; "" until a first code has been verified. last_step: time step (30 seconds) of the last accepted
    code; a code of this step or an earlier one is refused.
    """

    __tablename__ = "second_factor"
    __table_args__ = (CheckConstraint("(secret = '') = (confirmed_at IS NULL)", name="confirmed"),)

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(Sealed, default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    next_secret: Mapped[str] = mapped_column(Sealed, default="")
    """Awaits confirmation; `secret` stays valid until this one replaces it."""
    last_step: Mapped[int] = mapped_column(default=0)
    user: Mapped[User] = relationship(back_populates="second_factor")


class Login(Model):
    """An open login. The cookie carries the token; the database stores only its SHA-256."""

    __tablename__ = "login"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    opened_at: Mapped[datetime] = mapped_column(Instant, default=now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    """Last request, to within a few minutes; None: none since the login."""
    device: Mapped[str] = mapped_column(String(60), default="")
    """Browser and system, without versions."""
    awaits_code: Mapped[bool] = mapped_column(default=False)
    """The password was right but the second factor has not been given: the login gives no access yet."""
    user: Mapped[User] = relationship()
