"""What is known of structures beside what they say: checks of their numbers, doubles told apart or made one."""

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
    """What a check is about: one number, or the structure as a whole."""

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
        """What would be checked today; "" when there is nothing to check."""
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
"""One of them verified is enough to know who the structure is."""


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
    """What a register, or a moderator, says of one value of a structure.

    It speaks of `value` alone: when the structure says something else, it counts no more, and counts again
    should that value come back. A register's row is written anew when it says something new.
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
    """Name of the register; "" when a person looked."""
    findings: Mapped[list[str]] = mapped_column(Json, default=list)
    """What contradicts, one sentence each."""
    note: Mapped[str] = mapped_column(Text, default="")
    """What the moderator wrote."""
    actor_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    actor: Mapped[User | None] = relationship()
    at: Mapped[datetime] = mapped_column(Instant, default=now)

    @property
    def words(self) -> str:
        """Who says so."""
        return f"vérifié par {self.actor.name}, modération" if self.actor else self.source


@dataclass(frozen=True)
class Standing:
    """How far something is verified. check: the last word on it; None while nobody has said anything."""

    state: Verification
    check: StructureCheck | None = None


def standings(organisme: Organisme, checks: Iterable[StructureCheck]) -> Mapping[Subject, Standing]:
    """{subject: where its present value stands}; a subject of which nothing is said is not there.

    The last to have said something new has the last word, register or person. The whole is contradicted as soon
    as a number is, and verified when a person said so or when one of IDENTITIES is.
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
    """Two structures that look alike and that somebody said are two. The smaller id comes first."""

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
    """Two structures were made one: who did it, when, and all that moved. Append-only, in the base too.

    It holds no name of a person: the words and contacts that were not chosen stay on the row of the structure
    that is gone.
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
    """{"kept" and "gone": {"nom" and each number: value}} as they were."""
    chosen: Mapped[dict[str, str]] = mapped_column(Json)
    """{name: "kept" or "gone"} of what survives."""
    moved: Mapped[dict[str, list[str]]] = mapped_column(Json)
    """{table.column: primary keys} of the rows that followed."""
    absorbed: Mapped[dict[str, list[dict[str, Any]]]] = mapped_column(Json)
    """{table: rows, whole} of those that said the same as one of the survivor: they are no more."""
