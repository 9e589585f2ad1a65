"""Alerts from registers on a fiche: an expired certification, a closed establishment."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now
from backoffice.core.dates import short_day
from backoffice.models.base import Instant, Model, Word, one_of

from .fiche import Fiche


class AlertKind(StrEnum):
    """CERTIFICATION…: expired or soon to expire. The others: role, in the fiche, of an establishment that is closed."""

    CERTIFICATION = "certification"
    CERTIFICATION_BIENTOT = "certification_bientot"
    STRUCTURE = "structure"
    PORTEUSE = "porteuse"
    FORMATEUR = "formateur"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def cure(self) -> str:
        """What the structure can do about it, in French."""
        if self in (AlertKind.CERTIFICATION, AlertKind.CERTIFICATION_BIENTOT):
            return "Vérifiez l’examen ou le diplôme préparé, et choisissez celui qui le remplace."
        return "Vérifiez ce numéro SIRET : si l’établissement a déménagé ou changé, il en a un autre."


_LABELS = {
    AlertKind.CERTIFICATION: "Certification finie",
    AlertKind.CERTIFICATION_BIENTOT: "Certification qui finit bientôt",
    AlertKind.STRUCTURE: "Établissement de la structure fermé",
    AlertKind.PORTEUSE: "Établissement de la structure porteuse fermé",
    AlertKind.FORMATEUR: "Établissement qui donne les cours fermé",
}


class FicheAlert(Model):
    """An alert on a fiche, deleted when its cause is gone.

    subject: code of the certification, or SIRET; label: its name in the register; day: end date, if known.
    """

    __tablename__ = "fiche_alert"
    __table_args__ = (
        CheckConstraint(one_of("kind", AlertKind), name="kind"),
        UniqueConstraint("fiche_id", "kind", "subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    fiche_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id))
    fiche: Mapped[Fiche] = relationship()
    kind: Mapped[AlertKind] = mapped_column(Word(AlertKind))
    subject: Mapped[str] = mapped_column(String(14))
    label: Mapped[str] = mapped_column(String(250))
    day: Mapped[date | None]
    raised_at: Mapped[datetime] = mapped_column(Instant, default=now)
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the people of the fiche were notified; None until then."""

    @property
    def source(self) -> str:
        if self.kind in (AlertKind.CERTIFICATION, AlertKind.CERTIFICATION_BIENTOT):
            return "répertoires de France compétences"
        return "répertoire Sirene"

    @property
    def words(self) -> str:
        """The alert as a French sentence, without the remedy."""
        day = short_day(self.day) if self.day else ""
        if self.kind is AlertKind.CERTIFICATION:
            since = f" depuis le {day}" if day else ""
            return f"La certification « {self.label} » ({self.number}) n’est plus valable{since}."
        if self.kind is AlertKind.CERTIFICATION_BIENTOT:
            return f"La certification « {self.label} » ({self.number}) n’est valable que jusqu’au {day}."
        named = f" ({self.label})" if self.label else ""
        return f"{self.kind.label} depuis le {day} : SIRET {self.subject}{named}."

    @property
    def number(self) -> str:
        return self.subject if self.subject.startswith("RS") else f"RNCP {self.subject}"
