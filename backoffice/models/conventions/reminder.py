"""Reminders requested by funders: one row per convention, from the request to the outcome."""

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
    """key: of the page that asked, so that a form posted twice sends one reminder."""

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
    """A key of queries.conventions.board_filters.WHAT: what was missing when asked, checked again before sending."""
    message: Mapped[str] = mapped_column(Text, default="")
    """Text added by the funder to the usual one."""
    forced: Mapped[bool] = mapped_column(default=False)
    """Sent even if a reminder was sent within the week."""
    state: Mapped[ReminderState] = mapped_column(Word(ReminderState), default=ReminderState.A_ENVOYER)
    asked_at: Mapped[datetime] = mapped_column(Instant, default=now)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    asked_by: Mapped[User] = relationship()
    done_at: Mapped[datetime | None] = mapped_column(Instant)
