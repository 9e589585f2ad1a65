"""Fragments built by an older export code are built again, so that a flow never mixes two versions."""

from __future__ import annotations

import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.models import Fiche, FicheState, Fragment
from exports.fragment.build import CODE_VERSION, NotExportable

from .engine import lock
from .publication import present_fragment, show

log = logging.getLogger(__name__)

BATCH = 200


def stale(session: Session) -> list[int]:
    """The published fiches whose fragment is not of the present export code, by id."""
    return list(
        session.scalars(
            select(Fiche.id)
            .join(Fragment, Fragment.id == Fiche.fragment_id)
            .where(Fragment.code_version != CODE_VERSION)
            .order_by(Fiche.id)
        )
    )


def refresh_stale(session: Session) -> tuple[int, list[int]]:
    """Builds and validates again what is stale; returns how many were, and the fiches that cannot be.

    A fiche that the present code refuses keeps its last good fragment and is reported: it is neither
    lost nor published unchecked. Commits batch by batch, so that decisions are not held up.
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
