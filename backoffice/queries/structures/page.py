"""The page of a structure: who may see it, and the related rows that it shows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from backoffice.core.permissions import Permission
from backoffice.models import (
    Change,
    Fiche,
    FicheState,
    Membership,
    Organisme,
    OrganismeMerge,
    StructureCheck,
    Support,
    User,
)

from .scope import helped_structure

LAST_CHANGES = 30
LAST_FICHES = 60


def shown_structure(session: Session, user: User, organisme_id: int) -> Organisme | None:
    """The structure, for its members, for moderators of its territoires and for administrators; None otherwise.

    For a merged structure, returns the one that it was merged into: the id then differs from organisme_id.
    """
    found = session.get(Organisme, organisme_id)
    if found is not None and found.merged_into_id is not None:
        found = session.get_one(Organisme, found.merged_into_id)
    if found is None:
        return None
    if found.id in user.organisme_ids or user.administrator:
        return found
    return helped_structure(session, user, found.id) if user.can(Permission.MODERATE) else None


def checks_of(session: Session, organisme: Organisme) -> Sequence[StructureCheck]:
    return session.scalars(
        select(StructureCheck)
        .where(StructureCheck.organisme_id == organisme.id)
        .options(joinedload(StructureCheck.actor))
    ).all()


def last_fiches(session: Session, organisme: Organisme) -> Sequence[Fiche]:
    """The structure's fiches that are not archived, latest first; LAST_FICHES at most."""
    return session.scalars(
        select(Fiche)
        .where(Fiche.organisme_id == organisme.id, Fiche.state != FicheState.ARCHIVEE)
        .order_by(Fiche.id.desc())
        .limit(LAST_FICHES)
        .options(selectinload(Fiche.revisions))
    ).all()


def changes_of(session: Session, organisme: Organisme) -> Sequence[Change]:
    return session.scalars(
        select(Change)
        .where(Change.subject == Organisme.__tablename__, Change.subject_id == str(organisme.id))
        .order_by(Change.id.desc())
        .limit(LAST_CHANGES)
        .options(joinedload(Change.actor))
    ).all()


def merges_of(session: Session, organisme: Organisme) -> Sequence[OrganismeMerge]:
    """The merges into this structure, including earlier merges into the merged structures."""
    dead = select(Organisme.id).where(Organisme.merged_into_id == organisme.id)
    return session.scalars(
        select(OrganismeMerge)
        .where(OrganismeMerge.gone_id.in_(dead))
        .order_by(OrganismeMerge.id)
        .options(joinedload(OrganismeMerge.gone), joinedload(OrganismeMerge.actor))
    ).all()


def supports_of(session: Session, organisme: Organisme) -> Sequence[Support]:
    return session.scalars(select(Support).where(Support.organisme_id == organisme.id).order_by(Support.id)).all()


def members_of(session: Session, organisme: Organisme) -> int:
    """Number of active members."""
    count = select(func.count()).select_from(Membership).join(User).where(Membership.organisme_id == organisme.id)
    return session.scalar(count.where(User.active)) or 0
