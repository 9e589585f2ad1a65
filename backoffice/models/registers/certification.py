"""Certifications prepared by learners, searched by name or code, with their validity."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.dates import short_day
from backoffice.models.base import Model
from backoffice.models.searched import Searched, searched_index

_NUMBERED, _BARE = text("code <> ''"), text("code = ''")


class Certification(Searched, Model):
    """code: of the RNCP (digits) or of the répertoire spécifique (RS and digits); "" when unknown."""

    __tablename__ = "certification"
    __table_args__ = (
        Index("uq_certification_code", "code", unique=True, postgresql_where=_NUMBERED, sqlite_where=_NUMBERED),
        # Registers reuse a name for successive codes; only a certification without a code is unique by its name.
        Index("uq_certification_label", "label", unique=True, postgresql_where=_BARE, sqlite_where=_BARE),
        CheckConstraint("length(trim(label)) > 0", name="labelled"),
        CheckConstraint("valid_from <= valid_until", name="valid_in_order"),
        *searched_index("certification"),
    )
    SEARCHED = ("label", "code")

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(250))
    search_name: Mapped[str] = mapped_column(String(250), index=True)
    code: Mapped[str] = mapped_column(String(10), default="")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    active: Mapped[bool] = mapped_column(default=True)
    """Status in its register; the end of validity may come before the register changes it."""

    def valid_on(self, day: date) -> bool:
        """Whether it is valid on this day. An unknown end means no end, as long as the register says it is active."""
        if not self.active and self.valid_until is None:
            return False
        return not ((self.valid_from and day < self.valid_from) or (self.valid_until and self.valid_until < day))

    @property
    def validity(self) -> str:
        """«valable du 01/01/2024 au 31/12/2026», «valable jusqu’au …»; "" when neither date is known."""
        start, end = (short_day(day) if day else "" for day in (self.valid_from, self.valid_until))
        if start and end:
            return f"valable du {start} au {end}"
        return f"valable jusqu’au {end}" if end else f"valable depuis le {start}" if start else ""
