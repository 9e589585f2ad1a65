"""What readers of our flows show of our fiches, as read in the files that they publish."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.clock import now

from .base import Instant, Json, Model
from .fiches.fiche import Fiche


class ReaderSource(Model):
    """A file that a reader publishes: an https address, or a path on this machine. Read again each night."""

    __tablename__ = "reader_source"
    __table_args__ = (UniqueConstraint("reader", "location"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reader: Mapped[str] = mapped_column(String(60))
    location: Mapped[str] = mapped_column(String(500))
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    """Of the last reading that succeeded."""
    matched: Mapped[int] = mapped_column(default=0)
    """Fiches that it found."""
    message: Mapped[str] = mapped_column(Text, default="")
    """Why the last reading failed, in French."""


class Sighting(Model):
    """One fiche at one reader, as of the last reading. since: of the present state, seen or absent."""

    __tablename__ = "sighting"
    __table_args__ = (UniqueConstraint("fiche_id", "reader"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fiche_id: Mapped[int] = mapped_column(ForeignKey(Fiche.id, ondelete="CASCADE"))
    fiche: Mapped[Fiche] = relationship()
    reader: Mapped[str] = mapped_column(String(60), index=True)
    seen: Mapped[bool]
    since: Mapped[datetime] = mapped_column(Instant, default=now)
    read_at: Mapped[datetime] = mapped_column(Instant, default=now)
    """Of the last reading."""
    differences: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    """[{"quoi", "ici", "chez lui"}]: what the reader shows otherwise."""
    cause: Mapped[str] = mapped_column(Text, default="")
    """Why it is absent, in French; empty when it is seen."""
