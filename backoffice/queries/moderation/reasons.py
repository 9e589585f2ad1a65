"""The reasons that a territoire gives: those that come with the application, as it words them, and its own."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import Reason
from backoffice.reference.reasons import Motif, shipped


def reasons(session: Session, territoire_id: int) -> dict[str, Motif]:
    """Every reason by code, those that are switched off included."""
    rows = session.scalars(select(Reason).where(Reason.territoire_id == territoire_id).order_by(Reason.id))
    own = {
        row.code: Motif(row.code, row.label, row.text, row.cure, tuple(row.transitions), row.active, own=True)
        for row in rows
    }
    return {**shipped(), **own}


def offered(session: Session, territoire_id: int, transition: str) -> list[Motif]:
    """Those that a moderator may choose for a decision."""
    return [
        motif for motif in reasons(session, territoire_id).values() if motif.active and transition in motif.transitions
    ]
