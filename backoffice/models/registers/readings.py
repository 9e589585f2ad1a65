"""Imports of registers: each reading, its differences with the table, and those not applied yet.

A version of a register is a reading that was applied. Its differences are kept for ever: the applied ones, to undo it
or rebuild the table of a past day; the pending ones, with the number of consecutive readings that contain them. What
is pending today: what the last version not undone did not apply.
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
    """The file is read and compared (the table is not changed), or its differences are applied."""

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
    """Number of consecutive readings required to apply a difference, and minimum size of a file."""

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
    """Minimum rows in a file, as a percentage of the rows of the table: below it, the file is refused."""


class RegisterImport(Model):
    """A file of a register; or, without a file, pending differences applied by an administrator."""

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
    """ "" without a file."""
    stored: Mapped[str] = mapped_column(String(80), default="")
    """Name of the stored file until it is read, then "": see backoffice.core.uploads."""
    format: Mapped[str] = mapped_column(String(40), default="")
    """Name of its format, among those of the register."""
    phase: Mapped[RegisterPhase] = mapped_column(Word(RegisterPhase))
    status: Mapped[JobStatus] = mapped_column(Word(JobStatus))
    at_once: Mapped[bool] = mapped_column(default=False)
    """Whether every difference is applied at the first reading."""
    attempt: Mapped[int] = mapped_column(default=0)
    """Incremented each time the reading is taken: a run that is no longer the latest one stops."""
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    """Lines of the file (total) and lines read (done)."""
    report: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """rows, faults: numbers; kinds: {kind: {applied, waiting}}; said: first faults, by line; examples."""
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
        """Whether it is an applied version that was not undone."""
        return self.applied_at is not None and self.undone_at is None


class RegisterRow(Model):
    """A row of a file, kept until it is applied or discarded; `line`: its line number in the file."""

    __tablename__ = "register_row"
    __table_args__ = (Index("ix_register_row_import_id_key", "import_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey(RegisterImport.id))
    line: Mapped[int]
    key: Mapped[str] = mapped_column(String(60))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    """{column: value}; dates in ISO 8601."""


class RegisterDifference(Model):
    """A difference between a version and the table, applied or not. Append-only by a database trigger.

    before, after: {column: value}; None when there is no row. before has all the columns of the table, so that the row
    can be restored; after has those filled by the register.
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
    """Number of consecutive readings that contain it, this one included."""
    applied: Mapped[bool]
