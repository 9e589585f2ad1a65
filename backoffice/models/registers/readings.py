"""Files of registers: each reading, what it changed, from what to what, and what still waits to be believed.

A version of a register is a reading that was applied. Its differences are kept for ever: those that were applied,
so that it can be undone and the table of a past day told; and those that were not believed yet, with how many
readings in a row have said them. What waits today is what the last version that stands did not apply.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User
from backoffice.models.base import Instant, Json, Model, OptionalJson, Word, one_of
from backoffice.models.importing import JobStatus


class RegisterPhase(StrEnum):
    """What is being done: the file is read and compared (nothing is written), or what it says is applied."""

    LECTURE = "lecture"
    APPLICATION = "application"


class DifferenceKind(StrEnum):
    AJOUT = "ajout"
    CHANGEMENT = "changement"
    RETRAIT = "retrait"

    @property
    def label(self) -> str:
        return _DIFFERENCES[self]


_DIFFERENCES = {
    DifferenceKind.AJOUT: "Ajout",
    DifferenceKind.CHANGEMENT: "Changement",
    DifferenceKind.RETRAIT: "Retrait",
}


class RegisterSetting(Model):
    """How many readings in a row must say a difference before it is believed, and what is too few rows."""

    __tablename__ = "register_setting"
    __table_args__ = (
        CheckConstraint("additions >= 1 AND changes >= 1 AND removals >= 1", name="at_least_once"),
        CheckConstraint("least BETWEEN 0 AND 100", name="percentage"),
    )

    register: Mapped[str] = mapped_column(String(40), primary_key=True)
    additions: Mapped[int]
    changes: Mapped[int]
    removals: Mapped[int]
    least: Mapped[int]
    """Out of 100 rows of the table, how many a file must still have: below, it is refused."""


class RegisterImport(Model):
    """One file of a register; or, without a file, what an administrator applied of what waited."""

    __tablename__ = "register_import"
    __table_args__ = (
        CheckConstraint(one_of("phase", RegisterPhase), name="phase"),
        CheckConstraint(one_of("status", JobStatus), name="status"),
        CheckConstraint("undone_at IS NULL OR applied_at IS NOT NULL", name="undone_after_applied"),
        Index("ix_register_import_register_applied_at", "register", "applied_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    """None: the command line."""
    created_by: Mapped[User | None] = relationship(foreign_keys=created_by_id)
    filename: Mapped[str] = mapped_column(String(200), default="")
    """ "" where there was no file."""
    stored: Mapped[str] = mapped_column(String(80), default="")
    """Name of the file kept until it is read, then "": see backoffice.core.uploads."""
    format: Mapped[str] = mapped_column(String(40), default="")
    """Which of the files that the register knows it was."""
    phase: Mapped[RegisterPhase] = mapped_column(Word(RegisterPhase))
    status: Mapped[JobStatus] = mapped_column(Word(JobStatus))
    at_once: Mapped[bool] = mapped_column(default=False)
    """Whether everything is believed at its first reading."""
    attempt: Mapped[int] = mapped_column(default=0)
    """Goes up each time the reading is taken: a run that is no longer the latest one stops."""
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    """Lines of the file, and how many are read."""
    report: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """rows, faults: how many; kinds: {kind: {applied, waiting}}; said: the first faults, by line; examples."""
    error: Mapped[str] = mapped_column(Text, default="")
    moved_at: Mapped[datetime] = mapped_column(Instant, default=now)
    applied_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))

    @property
    def busy(self) -> bool:
        return self.status in (JobStatus.ATTEND, JobStatus.EN_COURS)

    @property
    def stands(self) -> bool:
        """Whether it is a version of the table that nobody undid."""
        return self.applied_at is not None and self.undone_at is None


class RegisterRow(Model):
    """One row that a file gives, kept until it is applied or forgotten; `line`: where it stands in the file."""

    __tablename__ = "register_row"
    __table_args__ = (Index("ix_register_row_import_id_key", "import_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey(RegisterImport.id))
    line: Mapped[int]
    key: Mapped[str] = mapped_column(String(60))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    """{column: value}, days written as in ISO 8601."""


class RegisterDifference(Model):
    """What a version changed, or would have: append-only, in the base too.

    before, after: {column: value}; None where there is no row. before has all the columns of the table, so that
    the row can come back as it was; after has those that the register fills.
    """

    __tablename__ = "register_difference"
    __table_args__ = (
        CheckConstraint(one_of("kind", DifferenceKind), name="kind"),
        Index("ix_register_difference_import_id_key", "import_id", "key", unique=True),
        Index("ix_register_difference_import_id_applied_kind", "import_id", "applied", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey(RegisterImport.id))
    key: Mapped[str] = mapped_column(String(60))
    kind: Mapped[DifferenceKind] = mapped_column(Word(DifferenceKind))
    before: Mapped[dict[str, Any] | None] = mapped_column(OptionalJson)
    after: Mapped[dict[str, Any] | None] = mapped_column(OptionalJson)
    seen: Mapped[int]
    """How many readings in a row have said it, this one included."""
    applied: Mapped[bool]
