"""The obligation «on the national map», computed from the last published flows.

It is met when one of the convention's fiches is in the last full flow, and unmet when none is. Recomputing is
idempotent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.core.dates import local_day
from backoffice.core.transactions import atomic
from backoffice.models import (
    Convention,
    ConventionFiche,
    Fiche,
    Flux,
    FluxKind,
    FluxRun,
    Obligation,
    ObligationKind,
    ObligationState,
    RunState,
)
from backoffice.models.conventions.obligation import Proof
from backoffice.models.transition_names import ObligationTransition
from exports.flux.published import carried
from workflows.robot import robot

from .obligations import apply

BATCH = 200
"""Conventions handled in one transaction."""


@dataclass(frozen=True)
class Sight:
    """One fiche found in one flow. at: snapshot instant of the flow."""

    numero: str
    flux: str
    at: datetime


def recompute(territoire_id: int | None) -> None:
    """Job run after the publication of a flow: all conventions of its territoire; None: of every territoire."""
    last = 0
    while True:
        with atomic() as session:
            query = (
                select(Convention.id)
                .join(ConventionFiche)
                .where(Convention.id > last)
                .distinct()
                .order_by(Convention.id)
                .limit(BATCH)
            )
            if territoire_id is not None:
                query = query.where(Convention.territoire_id == territoire_id)
            ids = session.scalars(query).all()
            refresh(session, ids)
        if len(ids) < BATCH:
            return
        last = ids[-1]


def refresh(session: Session, convention_ids: Sequence[int]) -> None:
    """Updates the map obligation of these conventions from the last flows."""
    seen = _sights(session, convention_ids)
    rows = session.scalars(
        select(Obligation)
        .where(Obligation.convention_id.in_(convention_ids), Obligation.kind == ObligationKind.CARTE)
        .order_by(Obligation.convention_id)
    ).all()
    for row in rows:
        proof = _proof(seen.get(row.convention_id, []))
        if name := _step(row, proof):
            apply(session, name, obligation_id=row.id, actor=robot(session), proof=proof)


def _step(row: Obligation, proof: Proof | None) -> str:
    """The transition to take; "" when the row is up to date or a person decided otherwise."""
    if row.state is ObligationState.A_FOURNIR and proof:
        return ObligationTransition.CONSTATER
    if row.state is ObligationState.VERIFIEE and proof is None:
        return ObligationTransition.RETIRER
    if row.state is ObligationState.VERIFIEE and proof and proof["numeros"] != (row.proof or {}).get("numeros"):
        return ObligationTransition.CONSTATER
    return ""


def _proof(sights: Sequence[Sight]) -> Proof | None:
    if not sights:
        return None
    first = min(sights, key=lambda sight: sight.numero)
    return {
        "date": local_day(first.at).isoformat(),
        "flux": first.flux,
        "numero": first.numero,
        "numeros": sorted(sight.numero for sight in sights),
        "lien": f"/api/fiches/{first.numero}",
    }


def _sights(session: Session, convention_ids: Collection[int]) -> dict[int, list[Sight]]:
    """{convention id: its fiches found in the last flows}. A merged fiche counts as the one that was kept."""
    kept = func.coalesce(Fiche.merged_into_id, Fiche.id)
    ties = session.execute(
        select(ConventionFiche.convention_id, kept.label("fiche_id"))
        .join(Fiche, Fiche.id == ConventionFiche.fiche_id)
        .where(ConventionFiche.convention_id.in_(convention_ids))
        .distinct()
    ).all()
    fiche_ids = {tie.fiche_id for tie in ties}
    numeros = dict(session.execute(select(Fiche.id, Fiche.numero).where(Fiche.id.in_(fiche_ids))).all())
    seen: dict[int, Sight] = {}
    for flux, at in _last_runs(session):
        for fiche_id in carried(session, flux, at, fiche_ids - seen.keys()):
            seen[fiche_id] = Sight(numeros[fiche_id] or "", flux.code, at)
    found: dict[int, list[Sight]] = {}
    for tie in ties:
        if tie.fiche_id in seen:
            found.setdefault(tie.convention_id, []).append(seen[tie.fiche_id])
    return found


def _last_runs(session: Session) -> Iterator[tuple[Flux, datetime]]:
    """Each active flow with the snapshot instant of its last full run; flows of one territoire come first."""
    last = (
        select(FluxRun.flux_id, func.max(FluxRun.at).label("at"))
        .where(FluxRun.kind == FluxKind.COMPLET, FluxRun.state == RunState.REUSSI)
        .group_by(FluxRun.flux_id)
        .subquery()
    )
    rows = session.execute(
        select(Flux, last.c.at)
        .join(last, last.c.flux_id == Flux.id)
        .where(Flux.active)
        .order_by(Flux.territoire_id.is_(None), Flux.id)
    )
    yield from rows.all()
