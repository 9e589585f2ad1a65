"""Remarks pinned on fields by moderators, their events, and the ready sentences of territoires.

Remarks and their events are append-only, by a database trigger. The state of a remark is derived from its events.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User
from backoffice.models.base import Instant, Model, Word, one_of
from backoffice.models.fiches.fiche import Fiche, Revision
from backoffice.models.searched import Searched, searched_index
from backoffice.models.territoires import Territoire

LONGEST = 2000
"""Longest remark, answer or ready sentence, in characters."""


class RemarkAct(StrEnum):
    """Event of a remark."""

    REPONDUE = "repondue"
    TRAITEE = "traitee"
    ROUVERTE = "rouverte"
    RETIREE = "retiree"


class Remark(Model):
    """A question or comment of a moderator on one spot of a version."""

    __tablename__ = "remark"
    __table_args__ = (CheckConstraint("length(trim(text)) > 0", name="said"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fiche_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id), index=True)
    fiche: Mapped[Fiche] = relationship()
    revision_id: Mapped[int] = mapped_column(ForeignKey(Revision.id), index=True)
    revision: Mapped[Revision] = relationship()
    anchor: Mapped[str] = mapped_column(String(200))
    """See models.content.anchors; "" for the whole fiche."""
    label: Mapped[str] = mapped_column(String(255))
    """Label of the spot at that time."""
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    author: Mapped[User] = relationship()
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    events: Mapped[list[RemarkEvent]] = relationship(back_populates="remark", order_by="RemarkEvent.id")

    @property
    def withdrawn(self) -> bool:
        return any(event.act is RemarkAct.RETIREE for event in self.events)

    @property
    def done(self) -> bool:
        """Whether the structure marked it as done."""
        ticks = [event.act for event in self.events if event.act in (RemarkAct.TRAITEE, RemarkAct.ROUVERTE)]
        return bool(ticks) and ticks[-1] is RemarkAct.TRAITEE

    @property
    def answer(self) -> str:
        """Last answer of the structure; "" when none."""
        return next((event.text for event in reversed(self.events) if event.text is not None), "")


class RemarkEvent(Model):
    """text: the answer from then on; null when this event does not change it."""

    __tablename__ = "remark_event"
    __table_args__ = (CheckConstraint(one_of("act", RemarkAct), name="act"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    remark_id: Mapped[int] = mapped_column(ForeignKey(Remark.id), index=True)
    remark: Mapped[Remark] = relationship(back_populates="events")
    act: Mapped[RemarkAct] = mapped_column(Word(RemarkAct))
    text: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    actor: Mapped[User] = relationship()
    at: Mapped[datetime] = mapped_column(Instant, default=now)


class ReadySentence(Searched, Model):
    """A sentence often used by the moderators of a territoire, for one question or for any."""

    __tablename__ = "ready_sentence"
    __table_args__ = searched_index("ready_sentence")
    SEARCHED = ("text",)

    id: Mapped[int] = mapped_column(primary_key=True)
    territoire_id: Mapped[int] = mapped_column(ForeignKey(Territoire.id), index=True)
    pattern: Mapped[str] = mapped_column(String(120), default="")
    """Pattern of the question (see models.content); "" for any."""
    text: Mapped[str] = mapped_column(Text)
    removed_at: Mapped[datetime | None] = mapped_column(Instant)
    """Kept when removed, so that the initial set is not loaded again."""
