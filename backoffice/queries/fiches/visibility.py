"""Since when a fiche has been visible, and which flows carry it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from backoffice.models import Fiche, Flux, FluxKind, FluxRun, Fragment, Publication, RunState
from exports.flux.published import chosen


@dataclass(frozen=True)
class Carried:
    """A flow that carries the fiche. since: time of its first complete run since the fiche has been visible."""

    title: str
    since: datetime


@dataclass(frozen=True)
class Visible:
    """since: start of the current uninterrupted publication. flows: sorted by title."""

    since: datetime
    flows: tuple[Carried, ...]


def visibility(session: Session, fiches: Collection[Fiche]) -> dict[int, Visible]:
    """{fiche id: visibility} of the published ones among these fiches, in two queries."""
    online = [fiche.id for fiche in fiches if fiche.fragment_id is not None]
    if not online:
        return {}
    since = _seen_since(online).subquery("since")
    facts = {
        row.id: row
        for row in session.execute(
            select(Fiche.id, Fiche.dispositif, Fragment.facets, since.c.at)
            .join(Fragment, Fragment.id == Fiche.fragment_id)
            .join(since, since.c.fiche_id == Fiche.id)
        )
    }
    carried: dict[int, list[Carried]] = {}
    for fiche_id, flux, at in session.execute(_carried_since(online)):
        if fiche_id in facts and chosen(flux, facts[fiche_id].dispositif, facts[fiche_id].facets):
            carried.setdefault(fiche_id, []).append(Carried(flux.title, at))
    return {
        id_: Visible(row.at, tuple(sorted(carried.get(id_, ()), key=lambda one: one.title)))
        for id_, row in facts.items()
    }


def _seen_since(fiche_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    """Rows (fiche_id, at): start of the current uninterrupted publication."""
    gone = (
        select(Publication.fiche_id, func.max(Publication.id).label("id"))
        .where(Publication.fragment_id.is_(None), Publication.fiche_id.in_(fiche_ids))
        .group_by(Publication.fiche_id)
        .subquery("gone")
    )
    return (
        select(Publication.fiche_id, func.min(Publication.at).label("at"))
        .outerjoin(gone, gone.c.fiche_id == Publication.fiche_id)
        .where(
            Publication.fiche_id.in_(fiche_ids),
            Publication.fragment_id.is_not(None),
            or_(gone.c.id.is_(None), Publication.id > gone.c.id),
        )
        .group_by(Publication.fiche_id)
    )


def _carried_since(fiche_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    """Rows (fiche_id, Flux, time of its first successful complete run since): national or of the fiche's territoire."""
    since, entry = _seen_since(fiche_ids).subquery("since"), aliased(Publication)
    # A fiche moved from another territoire appears in this territoire's flow only after the move.
    entered = exists().where(
        entry.fiche_id == Fiche.id, entry.territoire_id == Flux.territoire_id, entry.at <= FluxRun.at
    )
    return (
        select(Fiche.id, Flux, func.min(FluxRun.at))
        .join(since, since.c.fiche_id == Fiche.id)
        .join(Flux, and_(Flux.active, or_(Flux.territoire_id.is_(None), Flux.territoire_id == Fiche.territoire_id)))
        .join(
            FluxRun,
            and_(
                FluxRun.flux_id == Flux.id,
                FluxRun.state == RunState.REUSSI,
                FluxRun.kind == FluxKind.COMPLET,
                FluxRun.at >= since.c.at,
                or_(Flux.territoire_id.is_(None), entered),
            ),
        )
        .group_by(Fiche.id, Flux.id)
    )
