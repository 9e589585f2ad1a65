"""Operations on fiches that are not transitions: create, open a new version, save a draft.

They flush, log and never commit.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.permissions import Permission, Role
from backoffice.models import (
    Dispositif,
    Fiche,
    FicheState,
    Organisme,
    Revision,
    RevisionState,
    Territoire,
    TransitionLog,
    User,
)
from backoffice.models.content import Action, Contenu, Structure
from backoffice.models.transition_names import FicheTransition
from backoffice.queries.structures.scope import helped_among
from forms.fiches.paths import PATHS
from workflows.case import Case, Refused
from workflows.structures.operations import known_place, known_structure, living
from workflows.territoires.assignment import follow_draft

from .effects import next_draft
from .engine import authorised, lock, record


def create_fiche(
    session: Session, organisme: Organisme, dispositif: Dispositif, actor: User, key: str | None = None
) -> Fiche:
    """Creates a fiche with one draft, prefilled with what is known of the structure.

    Idempotent: the same `key` returns the same fiche. Raises Refused.
    """
    asked, organisme = organisme, living(session, organisme.id)
    if organisme.id != asked.id:
        session.expire(actor, ["memberships"])  # the structure was merged: memberships have moved
    if not may_enter(session, actor, organisme):
        raise Refused("Vous ne pouvez pas créer de fiche pour cette structure.")
    if made := _made_with(session, key, actor):
        return made
    content = first_content(session, organisme)
    PATHS[dispositif].begin(content)
    fiche = Fiche(
        dispositif=dispositif, organisme=organisme, territoire_id=_begins_in(actor, organisme), creation_key=key
    )
    try:
        with session.begin_nested():
            session.add(fiche)
    except IntegrityError:
        if made := _made_with(session, key, actor):
            return made  # the same page was sent twice concurrently
        raise
    revision = Revision(fiche_id=fiche.id, number=1)
    revision.content = content
    session.add(revision)
    session.flush()
    session.refresh(fiche, ["revisions"])
    record(Case(session, fiche, revision, actor), FicheTransition.CREER, "", RevisionState.BROUILLON)
    return fiche


def may_enter(session: Session, actor: User, organisme: Organisme) -> bool:
    """Whether the person may create fiches of this structure: its members, or the moderators of a territoire where it
    works, who import what it sends them."""
    if not actor.active:
        return False
    own = actor.can(Permission.WRITE_FICHE) and organisme.id in actor.organisme_ids
    return own or (actor.can(Permission.MODERATE) and bool(helped_among(session, actor, [organisme.id])))


def _begins_in(actor: User, organisme: Organisme) -> int:
    """The territoire of a fiche without location: the structure's, else one that its moderator serves."""
    mine = actor.territoire_ids(Role.MODERATEUR)
    if organisme.id in actor.organisme_ids or organisme.territoire_id in mine or not mine:
        return organisme.territoire_id
    return min(mine)


def may_write(actor: User, fiche: Fiche) -> bool:
    return authorised(actor, Permission.WRITE_FICHE, fiche) or authorised(actor, Permission.MODERATE, fiche)


def note_help(session: Session, revision: Revision, actor: User) -> None:
    """Logs, once per person and revision, that someone outside the structure writes it; sends the notice."""
    fiche = revision.fiche
    if authorised(actor, Permission.WRITE_FICHE, fiche):
        return
    noted = select(TransitionLog.id).where(
        TransitionLog.revision_id == revision.id,
        TransitionLog.actor_id == actor.id,
        TransitionLog.transition == FicheTransition.SAISIR_POUR,
    )
    if session.scalars(noted).first() is not None:
        return
    case = Case(session, fiche, revision, actor, f"Pour la structure « {fiche.organisme.nom} »")
    record(case, FicheTransition.SAISIR_POUR, revision.state, revision.state)


def sending(actor: User, fiche: Fiche) -> FicheTransition:
    """The transition that submits a draft for this person: SOUMETTRE for the structure, else DEPOSER."""
    return FicheTransition.SOUMETTRE if authorised(actor, Permission.WRITE_FICHE, fiche) else FicheTransition.DEPOSER


def create_structure(session: Session, actor: User, territoire: Territoire, said: Structure) -> Organisme:
    """Creates a structure. Raises Refused unless the actor moderates the territoire."""
    if territoire.id not in actor.territoire_ids(Role.MODERATEUR):
        raise Refused("Vous ne pouvez pas créer de structure dans ce territoire.")
    made = Organisme(territoire_id=territoire.id)
    made.said = said
    session.add(made)
    session.flush()
    return made


def first_content(session: Session, organisme: Organisme) -> Contenu:
    """Initial content of a new fiche of this structure."""
    content = Contenu(structure=known_structure(session, organisme))
    known_place(organisme, content)
    content.actions.append(first_action(content))
    return content


def _made_with(session: Session, key: str | None, actor: User) -> Fiche | None:
    """The fiche already created with this key. Raises Refused when the actor may not write it."""
    made = session.scalars(select(Fiche).where(Fiche.creation_key == key)).first() if key else None
    if made is not None and not may_write(actor, made):
        raise Refused("Cette fiche existe déjà.")
    return made


def first_action(content: Contenu) -> Action:
    """The group every fiche starts with."""
    return Action(id=content.new_id(Action))


def open_draft(session: Session, fiche_id: int, actor: User) -> Revision:
    """The open draft of a fiche, else a new one copied from its latest revision. Raises Refused."""
    fiche = lock(session, fiche_id)
    if not may_write(actor, fiche):
        raise Refused("Vous ne pouvez pas modifier cette fiche.")
    latest = fiche.latest
    if latest.with_moderator:
        raise Refused("Cette fiche est en cours de vérification : attendez la réponse du modérateur.")
    if latest.state is RevisionState.BROUILLON:
        return latest
    if fiche.state is FicheState.ARCHIVEE:
        raise Refused("Cette fiche est archivée. Reprenez-la d’abord.")
    draft = next_draft(latest)
    session.add(draft)
    session.flush()
    record(Case(session, fiche, draft, actor), FicheTransition.OUVRIR, "", RevisionState.BROUILLON)
    return draft


def save_draft(session: Session, revision: Revision, content: Contenu, pending: dict[str, Any], actor: User) -> None:
    """Saves the content of a draft. The fiche must be locked; until it has a numero, its territoire follows its first
    location. Raises Refused."""
    if revision.state is not RevisionState.BROUILLON:
        raise Refused("Cette fiche a été envoyée entre-temps : elle ne peut plus être modifiée ici.")
    if not may_write(actor, revision.fiche):
        raise Refused("Vous ne pouvez pas modifier cette fiche.")
    if revision.with_moderator and not authorised(actor, Permission.MODERATE, revision.fiche):
        raise Refused("Un modérateur corrige cette fiche en ce moment : attendez sa réponse pour la modifier.")
    before = revision.departement, revision.commune
    revision.content = content
    revision.pending = pending
    revision.saved_at = now()
    moved = before != (revision.departement, revision.commune)
    if moved and revision.fiche.numero is None:  # with a numero, only transitions change its territoire
        follow_draft(session, revision.fiche, content, actor)
    session.flush()


def forget(draft: Revision) -> None:
    """Empties the draft of an archived fiche; reopening refills it with the last submitted content."""
    assert draft.fiche.state is FicheState.ARCHIVEE
    draft.document, draft.pending = {}, {}
    draft.title = draft.departement = draft.commune = ""
