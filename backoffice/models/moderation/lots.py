"""Lots: one decision on many fiches, with the result for each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User
from backoffice.models.base import Instant, Model, Word, one_of
from backoffice.models.fiches.fiche import Fiche, Revision
from backoffice.models.importing import JobStatus


class LotAction(StrEnum):
    """Action applied to each fiche; its transitions are in workflows.moderation.lots."""

    VALIDER = "valider"
    RENVOYER = "renvoyer"
    ATTRIBUER = "attribuer"
    RENDRE = "rendre"
    ARCHIVER = "archiver"
    ROUVRIR = "rouvrir"
    SUSPENDRE = "suspendre"


class LotResult(StrEnum):
    FAIT = "fait"
    REFUS = "refus"
    ECHEC = "echec"

    @property
    def label(self) -> str:
        return {"fait": "Fait", "refus": "Pas fait", "echec": "En panne"}[self]


class Lot(Model):
    """A decision on many fiches. `status` is None until the person has read the preview and confirmed."""

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint(one_of("action", LotAction), name="action"),
        CheckConstraint(f"status IS NULL OR {one_of('status', JobStatus)}", name="status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    created_by: Mapped[User] = relationship(foreign_keys=[created_by_id])
    action: Mapped[LotAction] = mapped_column(Word(LotAction))
    comment: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(String(40), default="")
    """Code of the reason given, when the action requires one."""
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    """Moderator to whom the fiches are assigned."""
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"), unique=True)
    """The lot that this one reverts."""
    status: Mapped[JobStatus | None] = mapped_column(Word(JobStatus))
    attempt: Mapped[int] = mapped_column(default=0)
    """Incremented each time the lot is taken: a run that is no longer the latest one stops."""
    lines: Mapped[list[LotLine]] = relationship(back_populates="lot", order_by="LotLine.rank")

    @property
    def busy(self) -> bool:
        return self.status in (JobStatus.ATTEND, JobStatus.EN_COURS)


class LotLine(Model):
    __tablename__ = "lot_line"
    __table_args__ = (
        UniqueConstraint("lot_id", "rank"),
        UniqueConstraint("lot_id", "revision_id"),
        CheckConstraint(f"result IS NULL OR {one_of('result', LotResult)}", name="result"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey(Lot.id, ondelete="CASCADE"))
    lot: Mapped[Lot] = relationship(back_populates="lines")
    rank: Mapped[int]
    fiche_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id))
    fiche: Mapped[Fiche] = relationship()
    revision_id: Mapped[int] = mapped_column(ForeignKey(Revision.id))
    revision: Mapped[Revision] = relationship()
    obstacle: Mapped[str] = mapped_column(Text, default="")
    """Why it was impossible when the lot was prepared; such a line is not tried."""
    result: Mapped[LotResult | None] = mapped_column(Word(LotResult))
    message: Mapped[str] = mapped_column(Text, default="")
