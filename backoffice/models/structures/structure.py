"""Checks of the numbers of structures; structures declared distinct, and merges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import Organisme, User
from backoffice.models.base import Instant, Json, Model, Word, one_of


class Subject(StrEnum):
    """Subject of a check: one number, or the whole structure."""

    SIRET = "siret"
    NDA = "nda"
    RNA = "rna"
    UAI = "uai"
    QUALIOPI = "qualiopi"
    ENSEMBLE = "ensemble"

    @property
    def label(self) -> str:
        return _SUBJECTS[self]

    def value_of(self, organisme: Organisme) -> str:
        """The current value to check; "" when there is none."""
        if self is Subject.ENSEMBLE:
            return organisme.nom
        if self is Subject.QUALIOPI:
            said = {True: "certifiée", False: "non certifiée", None: ""}[organisme.qualiopi]
            return f"{said} {organisme.qualiopi_until or ''}".strip()
        return str(getattr(organisme, self))


_SUBJECTS = {
    Subject.SIRET: "Numéro SIRET",
    Subject.NDA: "Numéro de déclaration d’activité",
    Subject.RNA: "Numéro RNA",
    Subject.UAI: "Numéro UAI",
    Subject.QUALIOPI: "Certification Qualiopi",
    Subject.ENSEMBLE: "La structure dans son ensemble",
}

IDENTITIES = (Subject.SIRET, Subject.RNA, Subject.UAI)
"""Verifying one of them is enough to identify the structure."""


class Verification(StrEnum):
    NON_VERIFIEE = "non_verifiee"
    VERIFIEE = "verifiee"
    CONTREDITE = "contredite"

    @property
    def label(self) -> str:
        return _VERIFICATIONS[self]


_VERIFICATIONS = {
    Verification.NON_VERIFIEE: "Pas encore vérifié",
    Verification.VERIFIEE: "Vérifié",
    Verification.CONTREDITE: "Contredit",
}


class StructureCheck(Model):
    """A check of one value of a structure, by a register or a moderator.

    It is about `value` only: it no longer counts when the structure's value changes, and counts again if that value
    comes back. The row of a register is replaced when its result changes.
    """

    __tablename__ = "structure_check"
    __table_args__ = (
        UniqueConstraint("organisme_id", "subject", "value", "by_hand"),
        CheckConstraint(one_of("subject", Subject), name="subject"),
        CheckConstraint("state IN ('verifiee', 'contredite')", name="state"),
        CheckConstraint("by_hand = (actor_id IS NOT NULL)", name="signed"),
        CheckConstraint("by_hand OR source <> ''", name="sourced"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisme_id: Mapped[int] = mapped_column(ForeignKey(Organisme.id))
    subject: Mapped[Subject] = mapped_column(Word(Subject))
    value: Mapped[str] = mapped_column(String(250))
    state: Mapped[Verification] = mapped_column(Word(Verification))
    by_hand: Mapped[bool]
    source: Mapped[str] = mapped_column(String(120), default="")
    """Name of the register; "" when a person checked."""
    findings: Mapped[list[str]] = mapped_column(Json, default=list)
    """What contradicts the value, one sentence each."""
    note: Mapped[str] = mapped_column(Text, default="")
    """Note of the moderator."""
    actor_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    actor: Mapped[User | None] = relationship()
    at: Mapped[datetime] = mapped_column(Instant, default=now)

    @property
    def words(self) -> str:
        """Author of the check, in French."""
        return f"vérifié par {self.actor.name}, modération" if self.actor else self.source


@dataclass(frozen=True)
class Standing:
    """Result for one subject. check: the check that decided; None without any."""

    state: Verification
    check: StructureCheck | None = None


def standings(organisme: Organisme, checks: Iterable[StructureCheck]) -> Mapping[Subject, Standing]:
    """{subject: standing of its present value}; a subject without a value is absent.

    The latest check wins, by register or by hand. The whole is contradicted as soon as one number is, and verified
    when a person verified it or when one of IDENTITIES is verified.
    """
    last: dict[Subject, StructureCheck] = {}
    for check in sorted(checks, key=lambda row: (row.at, row.id)):
        if check.value == check.subject.value_of(organisme):
            last[check.subject] = check
    found = {
        subject: Standing(last[subject].state, last[subject]) if subject in last else Standing(UNVERIFIED)
        for subject in Subject
        if subject.value_of(organisme)
    }
    found[Subject.ENSEMBLE] = _whole(found)
    return found


UNVERIFIED = Verification.NON_VERIFIEE


def _whole(found: Mapping[Subject, Standing]) -> Standing:
    own = found[Subject.ENSEMBLE]
    against = [row for subject, row in found.items() if row.state is Verification.CONTREDITE]
    known = [found[subject] for subject in IDENTITIES if subject in found]
    return next(
        (row for row in (*against, own, *known) if row.state is not UNVERIFIED),
        own,
    )


class StructurePair(Model):
    """Two similar structures declared distinct. The smaller id comes first."""

    __tablename__ = "structure_pair"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        CheckConstraint("first_id < second_id", name="in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int] = mapped_column(ForeignKey(Organisme.id))
    second_id: Mapped[int] = mapped_column(ForeignKey(Organisme.id), index=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    at: Mapped[datetime] = mapped_column(Instant, default=now)


class OrganismeMerge(Model):
    """A merge of two structures: author, time and everything moved. Append-only by a database trigger.

    It holds no personal data: the texts and contacts not chosen stay on the row of the merged structure.
    """

    __tablename__ = "organisme_merge"
    __table_args__ = (CheckConstraint("kept_id <> gone_id", name="two"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    actor: Mapped[User] = relationship()
    kept_id: Mapped[int] = mapped_column(ForeignKey(Organisme.id), index=True)
    gone_id: Mapped[int] = mapped_column(ForeignKey(Organisme.id), unique=True)
    gone: Mapped[Organisme] = relationship(foreign_keys=[gone_id])
    before: Mapped[dict[str, dict[str, Any]]] = mapped_column(Json)
    """{"kept" or "gone": {"nom" or a number: value}} before the merge."""
    chosen: Mapped[dict[str, str]] = mapped_column(Json)
    """{name: "kept" or "gone"}: which value was kept."""
    moved: Mapped[dict[str, list[str]]] = mapped_column(Json)
    """{table.column: primary keys} of the rows moved to the kept structure."""
    absorbed: Mapped[dict[str, list[dict[str, Any]]]] = mapped_column(Json)
    """{table: complete rows} deleted because the kept structure had an equivalent one."""
