"""What a moderator can do about a carrier that does not answer: send the request again, or record its agreement."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from backoffice.core.dates import day_and_time
from backoffice.core.permissions import Permission
from backoffice.models import Support, User
from backoffice.models.transition_names import FicheTransition
from workflows.case import Case, Refused
from workflows.fiches.engine import authorised, lock, record

from .carriers import send, support_of

AGAIN = timedelta(days=1)
"""Minimum delay between two messages to the same carrier."""


def ask_again(session: Session, fiche_id: int, revision_id: int, actor: User) -> Support:
    """Sends the request again. Raises Refused less than AGAIN after the previous one."""
    case, support = _waiting(session, fiche_id, revision_id, actor)
    if case.at - support.asked_at < AGAIN:
        raise Refused(f"Un message lui a été envoyé {day_and_time(support.asked_at)}. Attendez un jour avant un autre.")
    case.comment = f"{support.nom}, {support.email}"
    send(case, support)
    record(case, FicheTransition.RELANCER_PORTEUSE, case.revision.state, case.revision.state)
    return support


def confirm(session: Session, fiche_id: int, revision_id: int, actor: User, comment: str) -> Support:
    """Records an agreement received another way. comment: how (letter, telephone call); Refused when empty."""
    case, support = _waiting(session, fiche_id, revision_id, actor)
    if not comment.strip():
        raise Refused("Dites comment la structure porteuse a donné son accord : un courrier, un appel, à quelle date.")
    case.comment = f"{support.nom} : {comment.strip()}"
    support.accepted, support.answered_at = True, case.at
    record(case, FicheTransition.CONFIRMER_PORTEUSE, case.revision.state, case.revision.state)
    return support


def _waiting(session: Session, fiche_id: int, revision_id: int, actor: User) -> tuple[Case, Support]:
    """Locks the fiche. Returns its case and the request that the carrier has not accepted; Refused otherwise."""
    fiche = lock(session, fiche_id)
    if not authorised(actor, Permission.MODERATE, fiche):
        raise Refused("Vous n’avez pas le droit de faire cela sur cette fiche.")
    revision = next((row for row in fiche.revisions if row.id == revision_id), None)
    support = support_of(session, fiche, revision.content) if revision else None
    if revision is None or support is None:
        raise Refused("Cette version ne nomme aucune structure porteuse.")
    if support.accepted:
        raise Refused("La structure porteuse a déjà donné son accord.")
    return Case(session, fiche, revision, actor), support
