"""The school calendar that was imported, as the file that pure code reads: see backoffice.reference.school_holidays."""

from __future__ import annotations

from sqlalchemy import select

from backoffice.core.transactions import atomic
from backoffice.models import RegisterImport, SchoolBreak
from backoffice.reference.school_holidays import write_calendar


def follow(version_id: int) -> None:
    """Told of each version that is applied or undone."""
    with atomic() as session:
        mine = session.get_one(RegisterImport, version_id).register == "vacances"
    if mine:
        refresh()


def refresh() -> None:
    """Writes the file again as the table is."""
    with atomic() as session:
        rows = session.scalars(select(SchoolBreak).order_by(SchoolBreak.zone, SchoolBreak.debut)).all()
        write_calendar([(row.zone, row.debut.isoformat(), row.fin.isoformat(), row.nom) for row in rows])
