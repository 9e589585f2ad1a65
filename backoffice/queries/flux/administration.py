"""The flows as administrators follow them: latest run, latest successful run, keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from backoffice.models import Flux, FluxKind, FluxRun, FluxToken, RunState

SHOWN = 30
"""Maximum number of runs shown on a flow's page."""


@dataclass(frozen=True)
class Followed:
    """A flow. latest: its latest run; good: its latest successful complete run; keys: number of keys not revoked."""

    flux: Flux
    latest: FluxRun | None
    good: FluxRun | None
    keys: int


def followed(session: Session) -> list[Followed]:
    """All flows, by title, in three queries."""
    fluxes = session.scalars(select(Flux).options(joinedload(Flux.territoire)).order_by(Flux.title)).all()
    latest = select(func.max(FluxRun.id)).group_by(FluxRun.flux_id)
    published = latest.where(FluxRun.state == RunState.REUSSI, FluxRun.kind == FluxKind.COMPLET)
    keys = select(FluxToken.flux_id, func.count()).where(FluxToken.revoked_at.is_(None)).group_by(FluxToken.flux_id)
    runs = session.scalars(select(FluxRun).where(FluxRun.id.in_(latest.union(published)))).all()
    counts = dict(session.execute(keys).all())
    return [Followed(flux, *_runs_of(flux, runs), counts.get(flux.id, 0)) for flux in fluxes]


def _runs_of(flux: Flux, runs: Sequence[FluxRun]) -> tuple[FluxRun | None, FluxRun | None]:
    mine = sorted((run for run in runs if run.flux_id == flux.id), key=lambda run: run.id, reverse=True)
    good = (run for run in mine if run.state is RunState.REUSSI and run.kind is FluxKind.COMPLET)
    return next(iter(mine), None), next(good, None)


def latest_runs(session: Session) -> Sequence[FluxRun]:
    """The latest run of each active flow, by title of the flow."""
    latest = select(func.max(FluxRun.id)).group_by(FluxRun.flux_id)
    return session.scalars(
        select(FluxRun)
        .join(Flux)
        .where(FluxRun.id.in_(latest), Flux.active)
        .options(contains_eager(FluxRun.flux))
        .order_by(Flux.title)
    ).all()


def runs_of(session: Session, flux: Flux) -> Sequence[FluxRun]:
    """The latest SHOWN runs, latest first."""
    return session.scalars(
        select(FluxRun).where(FluxRun.flux_id == flux.id).order_by(FluxRun.id.desc()).limit(SHOWN)
    ).all()


def keys_of(session: Session, flux: Flux) -> Sequence[FluxToken]:
    """The keys of the flow: active ones first, then revoked ones."""
    return session.scalars(
        select(FluxToken)
        .where(FluxToken.flux_id == flux.id)
        .order_by(FluxToken.revoked_at.is_not(None), FluxToken.name, FluxToken.id)
    ).all()
