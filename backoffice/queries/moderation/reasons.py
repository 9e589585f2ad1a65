"""The reasons of decisions in a territoire: shipped ones, with its own wording if any, and its own ones."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import Reason
from backoffice.reference.reasons import Motif, shipped


def reasons(session: Session, territoire_id: int) -> dict[str, Motif]:
    """{code: reason}, inactive ones included."""
    rows = session.scalars(select(Reason).where(Reason.territoire_id == territoire_id).order_by(Reason.id))
    own = {
        row.code: Motif(row.code, row.label, row.text, row.cure, tuple(row.transitions), row.active, own=True)
        for row in rows
    }
    return {**shipped(), **own}


def offered(session: Session, territoire_id: int, transition: str) -> list[Motif]:
    """The active reasons that a moderator may choose for this transition."""
    return [
        motif for motif in reasons(session, territoire_id).values() if motif.active and transition in motif.transitions
    ]
