"""Corrections by a moderator: given up, contested by the structure, answered.

They flush, log and never commit. The transitions are «corriger» and «relire», see `workflows.fiches.transitions`.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.permissions import Permission
from backoffice.models import Contestation, Fiche, Origin, Revision, User
from backoffice.models.moderation.remark import LONGEST
from backoffice.models.transition_names import FicheTransition
from workflows.case import Case, Refused
from workflows.fiches.engine import apply, authorised, lock, record


def give_up(session: Session, fiche_id: int, actor: User) -> Case:
    """Restores the structure's content in the copy, which then waits for a decision. Raises Refused."""
    fiche = lock(session, fiche_id)
    draft = fiche.latest
    if not authorised(actor, Permission.MODERATE, fiche):
        raise Refused("Vous n’avez pas le droit de faire cela sur cette fiche.")
    if not draft.being_corrected:
        raise Refused("Cette correction est déjà terminée. Rien n’a été changé.")
    draft.content = corrected_version(fiche, draft).content
    draft.pending = {}
    session.flush()
    return apply(session, FicheTransition.RELIRE, fiche_id=fiche_id, revision_id=draft.id, actor=actor)


def corrected_version(fiche: Fiche, copy: Revision) -> Revision:
    """The structure's version that the moderator's `copy` corrects."""
    return next(
        other for other in reversed(fiche.revisions) if other.number < copy.number and other.origin is Origin.STRUCTURE
    )


def version_of_structure(fiche: Fiche) -> Revision:
    """The latest version visible to the structure: a moderator's copy is hidden until it is decided."""
    latest = fiche.latest
    return latest if latest.origin is Origin.STRUCTURE or latest.decided_at else corrected_version(fiche, latest)


def contestable(fiche: Fiche) -> Revision | None:
    """The published version if a moderator corrected it, else None."""
    shown = next((r for r in fiche.revisions if r.id == fiche.published_revision_id), None)
    return shown if shown is not None and shown.origin is Origin.MODERATEUR else None


def contestation_of(session: Session, revision: Revision) -> Contestation | None:
    return session.scalars(select(Contestation).where(Contestation.revision_id == revision.id)).first()


def contest(session: Session, fiche_id: int, revision_id: int, text: str, actor: User) -> Contestation:
    """The structure contests a correction, once per version; the same text twice is idempotent. Raises Refused."""
    fiche = lock(session, fiche_id)
    if not authorised(actor, Permission.WRITE_FICHE, fiche):
        raise Refused("Vous n’avez pas le droit de faire cela sur cette fiche.")
    revision = contestable(fiche)
    if revision is None or revision.id != revision_id:
        raise Refused("Cette version n’est plus celle qui est publiée : rien n’a été envoyé.")
    text = _said(text, "Dites ce que vous contestez, en une phrase au moins.")
    known = contestation_of(session, revision)
    if known is not None:
        if known.text == text:
            return known
        raise Refused("Cette correction a déjà été contestée : le modérateur a reçu votre message.")
    made = Contestation(revision_id=revision.id, text=text, actor_id=actor.id)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise Refused("Cette correction a déjà été contestée : le modérateur a reçu votre message.") from error
    record(Case(session, fiche, revision, actor, text), FicheTransition.CONTESTER, revision.state, revision.state)
    return made


def answer_contestation(session: Session, revision_id: int, text: str, actor: User) -> Contestation:
    """Stores a moderator's answer and closes the contestation. Changes no state of the fiche. Raises Refused."""
    revision = session.get_one(Revision, revision_id)
    fiche = lock(session, revision.fiche_id)
    if not authorised(actor, Permission.MODERATE, fiche):
        raise Refused("Vous n’avez pas le droit de faire cela sur cette fiche.")
    contested = session.scalars(
        select(Contestation).where(Contestation.revision_id == revision_id).execution_options(populate_existing=True)
    ).first()
    if contested is None or contested.closed_at is not None:
        by = contested.closed_by.name if contested is not None and contested.closed_by else ""
        raise Refused(f"{by} a déjà répondu à cette contestation. Rien n’a été changé." if by else "Rien à répondre.")
    contested.answer = _said(text, "Écrivez votre réponse : la structure la lira.")
    contested.closed_at, contested.closed_by_id = now(), actor.id
    case = Case(session, fiche, revision, actor, contested.answer)
    record(case, FicheTransition.REPONDRE_CONTESTATION, revision.state, revision.state)
    return contested


def _said(text: str, question: str) -> str:
    text = text.strip()
    if not text:
        raise Refused(question)
    if len(text) > LONGEST:
        raise Refused(f"Ce texte est trop long : {LONGEST} caractères au plus.")
    return text
