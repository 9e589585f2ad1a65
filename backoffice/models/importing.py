"""Imports of files: the job, the result of each line, the column mappings chosen before."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import Organisme, User
from backoffice.models.fiches.fiche import Fiche

from .base import Instant, Json, Model, Word, one_of
from .territoires import Territoire


class ImportKind(StrEnum):
    LHEO = "lheo"
    TABLEAU = "tableau"
    REPONSES = "reponses"
    CONVENTIONS = "conventions"
    REPONDANTS = "repondants"
    """Those who answered the PNE survey: the list itself is not kept, only what it changed."""

    @property
    def label(self) -> str:
        return _KINDS[self]


_KINDS = {
    ImportKind.LHEO: "Un fichier LHEO (2.3 ou 2.2)",
    ImportKind.TABLEAU: "Un tableau (CSV, XLSX, XLS ou ODS) : une ligne par groupe",
    ImportKind.REPONSES: "Les réponses d’un formulaire en ligne (CSV, XLSX, XLS ou ODS) : une ligne par fiche",
    ImportKind.REPONDANTS: "La liste des répondants de l’enquête PNE",
    ImportKind.CONVENTIONS: "La liste des conventions d’un financeur (CSV, XLSX, XLS ou ODS)",
}

FICHE_KINDS = (ImportKind.LHEO, ImportKind.TABLEAU, ImportKind.REPONSES)
"""Kinds that create fiches, for structures and moderators."""


class Phase(StrEnum):
    """Columns are being asked, the file is read (no fiche is written), or lines are imported."""

    COLONNES = "colonnes"
    LECTURE = "lecture"
    IMPORT = "import"


class JobStatus(StrEnum):
    ATTEND = "attend"
    EN_COURS = "en_cours"
    FINI = "fini"
    ECHEC = "echec"

    @property
    def label(self) -> str:
        return _STATUSES[self]


_STATUSES = {
    JobStatus.ATTEND: "En attente",
    JobStatus.EN_COURS: "En cours",
    JobStatus.FINI: "Terminé",
    JobStatus.ECHEC: "En échec",
}


class Outcome(StrEnum):
    """Of a line: the expected outcome (`plan`), then the actual one (`result`)."""

    NOUVELLE = "nouvelle"
    MISE_A_JOUR = "mise_a_jour"
    INCHANGEE = "inchangee"
    A_CHOISIR = "a_choisir"
    ECARTEE = "ecartee"
    ECHEC = "echec"

    @property
    def label(self) -> str:
        return _OUTCOMES[self]


_OUTCOMES = {
    Outcome.NOUVELLE: "Nouvelle fiche",
    Outcome.MISE_A_JOUR: "Mise à jour",
    Outcome.INCHANGEE: "Inchangée",
    Outcome.A_CHOISIR: "À choisir",
    Outcome.ECARTEE: "Écartée",
    Outcome.ECHEC: "Non importée",
}


class ImportJob(Model):
    """The import of one file, for a structure, or for the structures of a territoire (`organisme` is then None)."""

    __tablename__ = "import_job"
    __table_args__ = (
        CheckConstraint(one_of("kind", ImportKind), name="kind"),
        CheckConstraint(one_of("phase", Phase), name="phase"),
        CheckConstraint(one_of("status", JobStatus), name="status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    created_by: Mapped[User] = relationship()
    organisme_id: Mapped[int | None] = mapped_column(ForeignKey(Organisme.id))
    organisme: Mapped[Organisme | None] = relationship()
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id))
    territoire: Mapped[Territoire] = relationship()
    kind: Mapped[ImportKind] = mapped_column(Word(ImportKind))
    filename: Mapped[str] = mapped_column(String(200))
    stored: Mapped[str] = mapped_column(String(80))
    """Name of the stored file (see backoffice.core.uploads); "" once it was deleted."""
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """dispositif: when the file does not say; create_structures, submit: bool; mapping: {column rank: column key}."""
    phase: Mapped[Phase] = mapped_column(Word(Phase))
    status: Mapped[JobStatus] = mapped_column(Word(JobStatus))
    attempt: Mapped[int] = mapped_column(default=0)
    """Incremented each time the job is taken: a run that is no longer the latest one stops."""
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    moved_at: Mapped[datetime] = mapped_column(Instant, default=now)

    @property
    def busy(self) -> bool:
        return self.status in (JobStatus.ATTEND, JobStatus.EN_COURS)


class ImportLine(Model):
    """An item of the file: what was read, the expected outcome, the actual one."""

    __tablename__ = "import_line"
    __table_args__ = (
        UniqueConstraint("job_id", "rank"),
        CheckConstraint(one_of("plan", Outcome), name="plan"),
        CheckConstraint(f"result IS NULL OR {one_of('result', Outcome)}", name="result"),
        Index("ix_import_line_job_id_chosen", "job_id", "chosen"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey(ImportJob.id, ondelete="CASCADE"))
    job: Mapped[ImportJob] = relationship()
    rank: Mapped[int]
    place: Mapped[str] = mapped_column(String(200))
    numero: Mapped[str] = mapped_column(String(100), default="")
    title: Mapped[str] = mapped_column(String(255), default="")
    structure: Mapped[str] = mapped_column(String(250), default="")
    plan: Mapped[Outcome] = mapped_column(Word(Outcome))
    fiche_id: Mapped[int | None] = mapped_column(ForeignKey(Fiche.id))
    """The fiche it updates, then the one it created or updated."""
    fiche: Mapped[Fiche | None] = relationship()
    report: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Shown by the page: message, remarks, changes, missing, candidates."""
    read: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Used by the import: content, unsaid, ours, dispositif."""
    chosen: Mapped[bool] = mapped_column(default=False)
    result: Mapped[Outcome | None] = mapped_column(Word(Outcome))
    message: Mapped[str] = mapped_column(Text, default="")


class ImportMapping(Model):
    """Columns chosen for each header, kept for the next import of a structure or of a territoire."""

    __tablename__ = "import_mapping"
    __table_args__ = (
        CheckConstraint("(organisme_id IS NULL) <> (territoire_id IS NULL)", name="one_owner"),
        UniqueConstraint("organisme_id"),
        UniqueConstraint("territoire_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisme_id: Mapped[int | None] = mapped_column(ForeignKey(Organisme.id))
    territoire_id: Mapped[int | None] = mapped_column(ForeignKey(Territoire.id))
    chosen: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    """{header: column key; "" for a column that is not imported}."""
