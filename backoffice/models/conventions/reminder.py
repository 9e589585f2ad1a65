"""Reminders that funders ask for: one row a project, from the moment they are asked to what became of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.models.accounts.account import User
from backoffice.models.base import Instant, Model, Word, one_of

from .convention import Convention


class ReminderState(StrEnum):
    A_ENVOYER = "a_envoyer"
    ENVOYEE = "envoyee"
    INUTILE = "inutile"
    TROP_TOT = "trop_tot"
    SANS_ADRESSE = "sans_adresse"

    @property
    def label(self) -> str:
        return _STATES[self]


_STATES = {
    ReminderState.A_ENVOYER: "À envoyer",
    ReminderState.ENVOYEE: "Envoyée",
    ReminderState.INUTILE: "Plus nécessaire au moment de l’envoi",
    ReminderState.TROP_TOT: "Déjà relancé depuis moins d’une semaine",
    ReminderState.SANS_ADRESSE: "Aucune adresse e-mail",
}


class Reminder(Model):
    """key: of the page that asked, so that a page sent twice reminds once."""

    __tablename__ = "convention_reminder"
    __table_args__ = (
        UniqueConstraint("convention_id", "key"),
        CheckConstraint(one_of("state", ReminderState), name="state"),
        CheckConstraint("(state = 'a_envoyer') = (done_at IS NULL)", name="done"),
        Index("ix_convention_reminder_waiting", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    convention_id: Mapped[int] = mapped_column(ForeignKey(Convention.id))
    convention: Mapped[Convention] = relationship()
    key: Mapped[str] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(String(20))
    """A name of queries.board_filters.WHAT: what was lacking when it was asked, looked at again when it is sent."""
    message: Mapped[str] = mapped_column(Text, default="")
    """What the funder adds to the usual text."""
    forced: Mapped[bool] = mapped_column(default=False)
    """Even when the project was reminded within the week."""
    state: Mapped[ReminderState] = mapped_column(Word(ReminderState), default=ReminderState.A_ENVOYER)
    asked_at: Mapped[datetime] = mapped_column(Instant, default=now)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    asked_by: Mapped[User] = relationship()
    done_at: Mapped[datetime | None] = mapped_column(Instant)
