"""Writes the imported school calendar to the file read by backoffice.reference.school_holidays."""

from __future__ import annotations

from sqlalchemy import select

from backoffice.core.transactions import atomic
from backoffice.models import RegisterImport, SchoolBreak
from backoffice.reference.school_holidays import write_calendar


def follow(version_id: int) -> None:
    """Job run after each version is applied or undone: refreshes the file if it is a version of the calendar."""
    with atomic() as session:
        mine = session.get_one(RegisterImport, version_id).register == "vacances"
    if mine:
        refresh()


def refresh() -> None:
    """Rewrites the file from the table."""
    with atomic() as session:
        rows = session.scalars(select(SchoolBreak).order_by(SchoolBreak.zone, SchoolBreak.debut)).all()
        write_calendar([(row.zone, row.debut.isoformat(), row.fin.isoformat(), row.nom) for row in rows])
