"""The three obligations of a convention, and their history.

`ObligationEvent` is append-only: the base itself refuses to change or delete its rows. The row of an
Obligation is what its events say, no more: workflows.conventions.obligations is the only writer of both.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.models.accounts.account import User
from backoffice.models.base import Instant, Model, OptionalJson, Word, one_of

if TYPE_CHECKING:
    from .convention import Convention

Proof = dict[str, Any]
"""By kind. carte: {"date", "flux", "numero", "numeros", "lien"}; refugies_info: {"adresse", "date"};
pne: {"adresse", "repondu", "verifie"}. Dates are ISO texts; a key may be absent."""


class ObligationKind(StrEnum):
    CARTE = "carte"
    REFUGIES_INFO = "refugies_info"
    PNE = "pne"


class ObligationState(StrEnum):
    A_FOURNIR = "a_fournir"
    DECLAREE = "declaree"
    VERIFIEE = "verifiee"
    NON_CONFORME = "non_conforme"
    SANS_OBJET = "sans_objet"

    @property
    def label(self) -> str:
        return _STATES[self]


_STATES = {
    ObligationState.A_FOURNIR: "À fournir",
    ObligationState.DECLAREE: "Déclarée",
    ObligationState.VERIFIEE: "Vérifiée",
    ObligationState.NON_CONFORME: "Non conforme",
    ObligationState.SANS_OBJET: "Sans objet",
}

WAITED = (ObligationState.A_FOURNIR, ObligationState.NON_CONFORME)
"""States in which the structure still has something to do: it may be late, and be reminded."""

MET = (ObligationState.VERIFIEE, ObligationState.SANS_OBJET)


class Obligation(Model):
    __tablename__ = "obligation"
    __table_args__ = (
        UniqueConstraint("convention_id", "kind"),
        CheckConstraint(one_of("kind", ObligationKind), name="kind"),
        CheckConstraint(one_of("state", ObligationState), name="state"),
        CheckConstraint("state NOT IN ('declaree', 'verifiee') OR proof IS NOT NULL", name="proved"),
        CheckConstraint("state NOT IN ('non_conforme', 'sans_objet') OR length(trim(comment)) > 0", name="explained"),
        Index("ix_obligation_board", "kind", "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    convention_id: Mapped[int] = mapped_column(ForeignKey("convention.id"))
    convention: Mapped[Convention] = relationship(back_populates="obligations")
    kind: Mapped[ObligationKind] = mapped_column(Word(ObligationKind))
    state: Mapped[ObligationState] = mapped_column(Word(ObligationState))
    due_on: Mapped[date | None]
    proof: Mapped[Proof | None] = mapped_column(OptionalJson)
    comment: Mapped[str] = mapped_column(Text, default="")
    """Why it is not compliant or does not apply; "" in the other states."""
    changed_at: Mapped[datetime] = mapped_column(Instant)
    """When it came to this state, and by whom."""
    changed_by_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    changed_by: Mapped[User] = relationship()

    @property
    def waited(self) -> bool:
        """Whether the structure still has something to do."""
        return self.state in WAITED

    @property
    def late(self) -> bool:
        """See queries.conventions.late for the same in SQL."""
        return self.state in WAITED and self.due_on is not None and self.due_on < local_day(now())


class ObligationEvent(Model):
    """One thing that happened to an obligation. Source and target are the same when only something is noted."""

    __tablename__ = "obligation_event"
    __table_args__ = (
        CheckConstraint(f"source IS NULL OR {one_of('source', ObligationState)}", name="source"),
        CheckConstraint(one_of("target", ObligationState), name="target"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    obligation_id: Mapped[int] = mapped_column(ForeignKey(Obligation.id), index=True)
    obligation: Mapped[Obligation] = relationship()
    at: Mapped[datetime] = mapped_column(Instant, default=now)
    actor_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    actor: Mapped[User] = relationship()
    transition: Mapped[str] = mapped_column(String(40))
    """A name of workflows.conventions.obligations.TRANSITIONS."""
    source: Mapped[ObligationState | None] = mapped_column(Word(ObligationState))
    """Null for the first one."""
    target: Mapped[ObligationState] = mapped_column(Word(ObligationState))
    comment: Mapped[str] = mapped_column(Text, default="")
    proof: Mapped[Proof | None] = mapped_column(OptionalJson)
    due_on: Mapped[date | None]
    """The new date, where the event sets one."""
