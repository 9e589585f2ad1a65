"""Remarks, ready sentences, contestations and corrections within a moderator's territoires."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from backoffice.core.permissions import Role
from backoffice.models import (
    Contestation,
    Fiche,
    Origin,
    ReadySentence,
    Remark,
    Revision,
    RevisionState,
    User,
)


def moderated_remark(session: Session, user: User, revision_id: int, remark_id: int) -> Remark | None:
    return session.scalars(
        select(Remark)
        .join(Remark.fiche)
        .where(
            Remark.id == remark_id,
            Remark.revision_id == revision_id,
            Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)),
        )
    ).first()


def sentences(session: Session, territoire_id: int) -> Sequence[ReadySentence]:
    return session.scalars(
        select(ReadySentence)
        .where(ReadySentence.territoire_id == territoire_id, ReadySentence.removed_at.is_(None))
        .order_by(ReadySentence.pattern, ReadySentence.id)
    ).all()


def own_sentence(session: Session, user: User, sentence_id: int) -> ReadySentence | None:
    return session.scalars(
        select(ReadySentence).where(
            ReadySentence.id == sentence_id,
            ReadySentence.removed_at.is_(None),
            ReadySentence.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)),
        )
    ).first()


def open_contestations(session: Session, user: User) -> Sequence[Contestation]:
    """Contestations not answered yet, oldest first; 200 at most."""
    return session.scalars(
        select(Contestation)
        .join(Contestation.revision)
        .join(Revision.fiche)
        .where(Contestation.closed_at.is_(None), Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))
        .order_by(Contestation.at, Contestation.id)
        .options(
            joinedload(Contestation.revision).joinedload(Revision.fiche).joinedload(Fiche.organisme),
            joinedload(Contestation.actor).lazyload("*"),
        )
        .limit(200)
    ).all()


def open_corrections(session: Session, user: User) -> Sequence[Revision]:
    """Drafts of corrections by moderators of the person's territoires, oldest first; 200 at most."""
    return session.scalars(
        select(Revision)
        .join(Revision.fiche)
        .where(
            Revision.state == RevisionState.BROUILLON,
            Revision.origin == Origin.MODERATEUR,
            Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)),
        )
        .order_by(Revision.created_at, Revision.id)
        .options(joinedload(Revision.fiche).joinedload(Fiche.organisme), joinedload(Revision.moderator).lazyload("*"))
        .limit(200)
    ).all()
