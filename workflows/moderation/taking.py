"""Takes the next fiche of the queue: concurrent moderators each get a different one."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backoffice.core.snapshot import decision_lock
from backoffice.models import Revision, User
from backoffice.models.transition_names import FicheTransition
from backoffice.queries.moderation.queue import Wanted, next_to_take
from workflows.fiches.engine import apply


def take_next(session: Session, actor: User, want: Wanted) -> Revision | None:
    """Assigns the first waiting fiche within these filters to the actor; None when there is none."""
    decision_lock(session)  # before row locks, as in workflows.fiches.engine.lock: avoids a deadlock with a snapshot
    revision = next_to_take(session, actor, want)
    if revision is None:
        return None
    return apply(
        session, FicheTransition.PRENDRE, fiche_id=revision.fiche_id, revision_id=revision.id, actor=actor
    ).revision
