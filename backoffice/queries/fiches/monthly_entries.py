"""How many people entered each session of a fiche, month by month."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import EntryCount, Fiche

Entries = dict[str, int]
"""{month: number of people}, in chronological order."""


def entries_of(session: Session, fiche: Fiche) -> dict[tuple[str, str], Entries]:
    """{(action, session): entries}. For each month, the latest declared number."""
    found: dict[tuple[str, str], Entries] = {}
    for row in session.scalars(select(EntryCount).where(EntryCount.fiche_id == fiche.id).order_by(EntryCount.id)):
        found.setdefault((row.action, row.session), {})[row.month] = row.number
    return {key: dict(sorted(months.items())) for key, months in found.items()}
