"""Verbs on fiches that are not transitions: create, open a new version, save a draft.

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
from backoffice.models.content import Action, Contenu, Structure, dump, load
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
    """A new fiche with one draft, its first step filled with what is known of the structure.

    The same `key` twice gives the same fiche.
    """
    asked, organisme = organisme, living(session, organisme.id)
    if organisme.id != asked.id:
        session.expire(actor, ["memberships"])  # they have followed the structure
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
            return made  # the same page was sent twice at the same moment
        raise
    revision = Revision(fiche_id=fiche.id, number=1)
    revision.content = content
    session.add(revision)
    session.flush()
    session.refresh(fiche, ["revisions"])
    record(Case(session, fiche, revision, actor), FicheTransition.CREER, "", RevisionState.BROUILLON)
    return fiche


def may_enter(session: Session, actor: User, organisme: Organisme) -> bool:
    """Whether the person may make fiches of this structure: its own people, or the moderators of a territoire
    where it works, who import what it sends them."""
    if not actor.active:
        return False
    own = actor.can(Permission.WRITE_FICHE) and organisme.id in actor.organisme_ids
    return own or (actor.can(Permission.MODERATE) and bool(helped_among(session, actor, [organisme.id])))


def _begins_in(actor: User, organisme: Organisme) -> int:
    """The territoire of a fiche before it has a place: the structure's, else where its moderator keeps it in sight."""
    mine = actor.territoire_ids(Role.MODERATEUR)
    if organisme.id in actor.organisme_ids or organisme.territoire_id in mine or not mine:
        return organisme.territoire_id
    return min(mine)


def may_write(actor: User, fiche: Fiche) -> bool:
    return authorised(actor, Permission.WRITE_FICHE, fiche) or authorised(actor, Permission.MODERATE, fiche)


def note_help(session: Session, revision: Revision, actor: User) -> None:
    """Writes, once for each person and version, that somebody else than the structure writes it, and tells it."""
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
    """The transition by which this person sends a draft: in their own name, or in place of the structure."""
    return FicheTransition.SOUMETTRE if authorised(actor, Permission.WRITE_FICHE, fiche) else FicheTransition.DEPOSER


def create_structure(session: Session, actor: User, territoire: Territoire, said: Structure) -> Organisme:
    """A structure that is not in Relais yet, made by a moderator of its territoire."""
    if territoire.id not in actor.territoire_ids(Role.MODERATEUR):
        raise Refused("Vous ne pouvez pas créer de structure dans ce territoire.")
    made = Organisme(territoire_id=territoire.id)
    made.said = said
    session.add(made)
    session.flush()
    return made


def first_content(session: Session, organisme: Organisme) -> Contenu:
    """What a new fiche of this structure begins with."""
    document = dump(Contenu())
    document["structure"] = known_structure(session, organisme)
    content = load(document)
    known_place(organisme, content)
    content.actions.append(first_action(content))
    return content


def _made_with(session: Session, key: str | None, actor: User) -> Fiche | None:
    """The fiche that this key has already made."""
    made = session.scalars(select(Fiche).where(Fiche.creation_key == key)).first() if key else None
    if made is not None and not may_write(actor, made):
        raise Refused("Cette fiche existe déjà.")
    return made


def first_action(content: Contenu) -> Action:
    """The group every entry begins with."""
    return Action(id=content.new_id(Action))


def open_draft(session: Session, fiche_id: int, actor: User) -> Revision:
    """The draft of a fiche: the one that is open, else a new one copied from its latest version."""
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
    """Keeps what was typed. The fiche must be locked; its territoire follows its first place."""
    if revision.state is not RevisionState.BROUILLON:
        raise Refused("Cette fiche a été envoyée entre-temps : elle ne peut plus être modifiée ici.")
    if not may_write(actor, revision.fiche):
        raise Refused("Vous ne pouvez pas modifier cette fiche.")
    if revision.with_moderator and not authorised(actor, Permission.MODERATE, revision.fiche):
        raise Refused("Un modérateur corrige cette fiche en ce moment : attendez sa réponse pour la modifier.")
    revision.content = content
    revision.pending = pending
    revision.saved_at = now()
    if revision.fiche.numero is None:  # once it has one, its territoire follows at set moments
        follow_draft(session, revision.fiche, content, actor)
    session.flush()


def forget(draft: Revision) -> None:
    """Empties the draft of an archived fiche: whoever takes it up again begins with what was sent before."""
    assert draft.fiche.state is FicheState.ARCHIVEE
    draft.document, draft.pending = {}, {}
    draft.title = draft.departement = draft.commune = ""
