"""Files being imported: the job, what each of its lines became, and the columns chosen last time."""

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

    @property
    def label(self) -> str:
        return _KINDS[self]


_KINDS = {
    ImportKind.LHEO: "Un fichier LHEO (2.3 ou 2.2)",
    ImportKind.TABLEAU: "Un tableau (CSV ou XLSX) : une ligne par groupe",
    ImportKind.REPONSES: "Les réponses d’un formulaire en ligne (CSV ou XLSX) : une ligne par fiche",
    ImportKind.CONVENTIONS: "La liste des conventions d’un financeur (CSV ou XLSX)",
}

FICHE_KINDS = (ImportKind.LHEO, ImportKind.TABLEAU, ImportKind.REPONSES)
"""Those that make fiches: what a structure or a moderator sends."""


class Phase(StrEnum):
    """What is being done: the columns are asked, the file is read (nothing is written), lines are imported."""

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
    """What a line would become, then what it became."""

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
    """One file. For one structure, or for the structures of one territoire (`organisme` is then None)."""

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
    """Name of the file kept in the folder of imports, "" once it was purged: see backoffice.core.uploads."""
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """dispositif: when the file does not say; create_structures, submit: bool; mapping: {rank: column key}."""
    phase: Mapped[Phase] = mapped_column(Word(Phase))
    status: Mapped[JobStatus] = mapped_column(Word(JobStatus))
    attempt: Mapped[int] = mapped_column(default=0)
    """Goes up each time the job is taken: a run that is no longer the latest one stops."""
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    moved_at: Mapped[datetime] = mapped_column(Instant, default=now)

    @property
    def busy(self) -> bool:
        return self.status in (JobStatus.ATTEND, JobStatus.EN_COURS)


class ImportLine(Model):
    """One entry of the file: what was read, what it would become, what it became."""

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
    """The fiche it continues, then the one it became."""
    fiche: Mapped[Fiche | None] = relationship()
    report: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """message, remarks, changes, missing, candidates: what the page shows."""
    read: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """content, unsaid, ours, dispositif: what importing it needs."""
    chosen: Mapped[bool] = mapped_column(default=False)
    result: Mapped[Outcome | None] = mapped_column(Word(Outcome))
    message: Mapped[str] = mapped_column(Text, default="")


class ImportMapping(Model):
    """What each column header was said to be, remembered for a structure or for a territoire."""

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
    """{header: column key, or "" when it is not to be read}."""
