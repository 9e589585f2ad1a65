"""Rebuilds fragments that are no longer right, each night and before each flow.

Built by an older export code, so that a flow never mixes two versions; or stating as open enrolments that are over.
"""

from __future__ import annotations

import logging

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, FicheState, Fragment
from backoffice.models.content.findings import Finding
from backoffice.queries.fiches.former_fragments import has_former_fragment
from exports.fragment.build import NotExportable
from exports.open_data.filters import made_false

from .engine import lock
from .publication import present_fragment, show

log = logging.getLogger(__name__)

BATCH = 200


def stale(session: Session) -> list[int]:
    """Ids of the published fiches whose fragment has another code version, lacks a facet or was made false by time."""
    false = Fiche.fragment_id.in_(select(Fragment.id).where(made_false(local_day(now()))))
    return list(session.scalars(select(Fiche.id).where(or_(has_former_fragment(), false)).order_by(Fiche.id)))


def refresh() -> None:
    """Job, just after midnight: readers of the open data see the new day without waiting for a flow."""
    with atomic() as session:
        refresh_stale(session)


def refresh_stale(session: Session) -> tuple[int, list[int]]:
    """Rebuilds and validates stale fragments. Returns (number rebuilt, ids of the fiches that failed).

    A fiche that the present code refuses keeps its last valid fragment and is reported; the moderators' queue lists it.
    Commits every BATCH fiches, so that decisions are not blocked.
    """
    done, refused = 0, []
    for rank, fiche_id in enumerate(stale(session)):
        fiche = lock(session, fiche_id)
        if fiche.state is FicheState.PUBLIEE:
            try:
                show(session, fiche, present_fragment(session, fiche), now())
                done += 1
            except NotExportable as error:
                log.error("fiche %s : fragment à refaire, refusé : %s", fiche_id, error)
                refused.append(fiche_id)
        if rank % BATCH == BATCH - 1:
            session.commit()
    session.flush()
    return done, refused


def refusal(session: Session, fiche: Fiche) -> tuple[Finding, ...]:
    """Why the present code refuses to build the fragment of a published fiche again; () when it is up to date."""
    if session.scalar(select(Fiche.id).where(Fiche.id == fiche.id, has_former_fragment())) is None:
        return ()
    try:
        present_fragment(session, fiche)
    except NotExportable as error:
        return error.findings
    return ()
