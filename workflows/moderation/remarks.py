"""Remarks: pinned by moderators on the version under review, answered by the structure in the next one.

They flush and never commit.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from backoffice.core.permissions import Permission
from backoffice.models import Fiche, Remark, RemarkAct, RemarkEvent, Revision, RevisionState, User
from backoffice.models.content.anchors import anchor_of
from backoffice.models.moderation.remark import LONGEST
from forms.fiches.labels import full_label
from forms.fiches.paths import PATHS
from forms.kit.posted import Reply
from workflows.case import Refused
from workflows.fiches.engine import authorised, lock
from workflows.fiches.operations import may_write


def pin(session: Session, fiche_id: int, revision_id: int, path: str, text: str, actor: User) -> Remark:
    """Pins a remark. path: of a field, a row or a part; "" for the whole fiche. Idempotent for the same text. Raises
    Refused."""
    fiche, revision = _being_read(session, fiche_id, revision_id, actor)
    text = text.strip()
    if not text:
        raise Refused("Écrivez la remarque, ou choisissez une phrase prête.")
    if len(text) > LONGEST:
        raise Refused(f"Cette remarque est trop longue : {LONGEST} caractères au plus.")
    try:
        anchor = anchor_of(revision.content, path)
        label = full_label(path, PATHS[fiche.dispositif])
    except LookupError as error:
        raise Refused("Choisissez dans la liste l’endroit dont parle la remarque.") from error
    for known in pinned(session, revision):
        if (known.anchor, known.text) == (anchor, text):
            return known
    made = Remark(
        fiche_id=fiche.id, revision_id=revision.id, anchor=anchor, label=label[:255], text=text, author_id=actor.id
    )
    session.add(made)
    session.flush()
    return made


def withdraw(session: Session, fiche_id: int, remark: Remark, actor: User) -> None:
    """Withdraws a remark of a version still under review, so the structure has not seen it. Idempotent. Raises
    Refused."""
    _being_read(session, fiche_id, remark.revision_id, actor)
    session.refresh(remark, ["events"])
    if not remark.withdrawn:
        remark.events.append(RemarkEvent(act=RemarkAct.RETIREE, actor_id=actor.id))
        session.flush()


def reply(session: Session, fiche: Fiche, replies: Mapping[int, Reply], actor: User) -> None:
    """Saves the answers and ticks of the structure or its helper. replies: {remark id: reply}; others are unchanged.

    The fiche must be locked. Raises Refused.
    """
    if not may_write(actor, fiche):
        raise Refused("Vous ne pouvez pas répondre à cette remarque.")
    if not replies:
        return
    if fiche.latest.with_moderator:
        raise Refused("La fiche est en cours de vérification : vous ne pouvez plus répondre aux remarques.")
    for remark in asked(session, fiche):
        said = replies.get(remark.id)
        if said is None:
            continue
        text = said.text.strip()[:LONGEST]
        changed = text if text != remark.answer else None
        if said.done != remark.done:
            act = RemarkAct.TRAITEE if said.done else RemarkAct.ROUVERTE
        elif changed is not None:
            act = RemarkAct.REPONDUE
        else:
            continue
        remark.events.append(RemarkEvent(act=act, text=changed, actor_id=actor.id))
    session.flush()


def pinned(session: Session, revision: Revision) -> list[Remark]:
    """Remarks on this revision, oldest first, without the withdrawn ones."""
    return _live(session, Remark.revision_id == revision.id)


def asked(session: Session, fiche: Fiche, before: Revision | None = None) -> list[Remark]:
    """Remarks sent to the structure since the last approved version: those `before` should answer.

    before: the version that answers; None: the latest.
    """
    answering = before or fiche.latest
    decided = [
        revision
        for revision in fiche.revisions
        if revision.number < answering.number
        and revision.state in (RevisionState.A_CORRIGER, RevisionState.REFUSEE, RevisionState.VALIDEE)
    ]
    approved = [revision.number for revision in decided if revision.state is RevisionState.VALIDEE]
    ids = [revision.id for revision in decided if revision.number >= max(approved, default=0)]
    return _live(session, Remark.revision_id.in_(ids)) if ids else []


def earlier(session: Session, fiche: Fiche, revision: Revision) -> list[Remark]:
    """All remarks on earlier versions, latest first."""
    ids = [other.id for other in fiche.revisions if other.number < revision.number]
    return _live(session, Remark.revision_id.in_(ids))[::-1] if ids else []


def _live(session: Session, condition: ColumnElement[bool]) -> list[Remark]:
    found = session.scalars(
        select(Remark)
        .where(condition)
        .order_by(Remark.id)
        .options(selectinload(Remark.events), selectinload(Remark.author))
    ).all()
    return [remark for remark in found if not remark.withdrawn]


def _being_read(session: Session, fiche_id: int, revision_id: int, actor: User) -> tuple[Fiche, Revision]:
    fiche = lock(session, fiche_id)
    if not authorised(actor, Permission.MODERATE, fiche):
        raise Refused("Vous n’avez pas le droit de faire cela sur cette fiche.")
    revision = next((r for r in fiche.revisions if r.id == revision_id), None)
    if revision is None or revision.state is not RevisionState.EN_INSTRUCTION:
        state = revision.state.label.lower() if revision else "inconnue"
        raise Refused(
            f"Cette version n’est pas en cours de vérification (elle est « {state} ») : "
            "aucune remarque n’a été changée. Prenez la fiche d’abord."
        )
    return fiche, revision
