"""Taking the fiche that waits first: several moderators at once each get a different one."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backoffice.core.snapshot import decision_lock
from backoffice.models import Revision, User
from backoffice.models.transition_names import FicheTransition
from backoffice.queries.moderation.queue import Wanted, next_to_take
from workflows.fiches.engine import apply


def take_next(session: Session, actor: User, want: Wanted) -> Revision | None:
    """Gives the person the first fiche that waits within these filters; None when there is none."""
    decision_lock(session)  # before the locks of rows, as in engine.lock: else a cut could wait for us, and we for it
    revision = next_to_take(session, actor, want)
    if revision is None:
        return None
    return apply(
        session, FicheTransition.PRENDRE, fiche_id=revision.fiche_id, revision_id=revision.id, actor=actor
    ).revision
