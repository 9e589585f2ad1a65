"""What readers show of our fiches, for the pages: of these fiches, and absences within somebody's territoires."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from backoffice.models import Fiche, ReaderSource, Sighting

ABSENCES_SHOWN = 500


def sightings_of(session: Session, fiche_ids: Collection[int]) -> Mapping[int, Sequence[Sighting]]:
    """{fiche id: at each reader that was read, by name}."""
    rows = session.scalars(select(Sighting).where(Sighting.fiche_id.in_(fiche_ids)).order_by(Sighting.reader)).all()
    found: dict[int, list[Sighting]] = {}
    for row in rows:
        found.setdefault(row.fiche_id, []).append(row)
    return found


def absences(session: Session, territoire_ids: Collection[int]) -> Sequence[Sighting]:
    """The published fiches of these territoires that a reader does not show, the longest absent first."""
    return session.scalars(
        select(Sighting)
        .join(Fiche, Fiche.id == Sighting.fiche_id)
        .options(contains_eager(Sighting.fiche))
        .where(Fiche.territoire_id.in_(territoire_ids), Fiche.fragment_id.is_not(None), ~Sighting.seen)
        .order_by(Sighting.since, Sighting.reader, Fiche.numero)
        .limit(ABSENCES_SHOWN)
    ).all()


def sources(session: Session) -> Sequence[ReaderSource]:
    return session.scalars(select(ReaderSource).order_by(ReaderSource.reader, ReaderSource.location)).all()
