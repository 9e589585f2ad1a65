"""Rebuilds fragments built by an older export code, so that a flow never mixes two versions."""

from __future__ import annotations

import logging

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.models import Fiche, FicheState, Fragment
from exports.fragment.build import CODE_VERSION, NotExportable
from exports.open_data.filters import lacks_a_facet

from .engine import lock
from .publication import present_fragment, show

log = logging.getLogger(__name__)

BATCH = 200


def stale(session: Session) -> list[int]:
    """Ids of the published fiches whose fragment has another code version, or lacks a facet."""
    return list(
        session.scalars(
            select(Fiche.id)
            .join(Fragment, Fragment.id == Fiche.fragment_id)
            .where(or_(Fragment.code_version != CODE_VERSION, lacks_a_facet()))
            .order_by(Fiche.id)
        )
    )


def refresh_stale(session: Session) -> tuple[int, list[int]]:
    """Rebuilds and validates stale fragments. Returns (number rebuilt, ids of the fiches that failed).

    A fiche that the present code refuses keeps its last valid fragment and is reported. Commits every BATCH fiches,
    so that decisions are not blocked.
    """
    done, refused = 0, []
    for rank, fiche_id in enumerate(stale(session)):
        fiche = lock(session, fiche_id)
        if fiche.state is FicheState.PUBLIEE:
            at = now()
            try:
                show(session, fiche, present_fragment(session, fiche, at), at)
                done += 1
            except NotExportable as error:
                log.error("fiche %s : fragment à refaire, refusé : %s", fiche_id, error)
                refused.append(fiche_id)
        if rank % BATCH == BATCH - 1:
            session.commit()
    session.flush()
    return done, refused
