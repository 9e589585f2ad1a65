"""The structures of a moderator's territoires, to help them on the telephone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, selectinload

from backoffice.models import Fiche, Organisme, User
from backoffice.permissions import Role

from .fiches import containing

MOST = 50


def helped_structures(session: Session, user: User, text: str) -> Sequence[Organisme]:
    """Those whose name holds the words, or of this SIRET; the first MOST + 1."""
    query = _helped(user).order_by(Organisme.nom, Organisme.id).limit(MOST + 1)
    if text:
        query = query.where(or_(containing(Organisme.nom, text), Organisme.siret == text.replace(" ", "")))
    return session.scalars(query).all()


def helped_structure(session: Session, user: User, organisme_id: int) -> Organisme | None:
    return session.scalars(_helped(user).where(Organisme.id == organisme_id)).first()


def survivor(session: Session, organisme_id: int) -> int:
    """The structure that it was made one with; itself while it lives."""
    merged = select(Organisme.merged_into_id).where(Organisme.id == organisme_id)
    return session.scalar(merged) or organisme_id


def helped_among(session: Session, user: User, ids: Collection[int]) -> set[int]:
    """Those of these structures that the person may help."""
    return set(session.scalars(_helped(user).where(Organisme.id.in_(ids)).with_only_columns(Organisme.id)))


def known_siret(session: Session, user: User, siret: str) -> Organisme | None:
    return session.scalars(_helped(user).where(Organisme.siret == siret)).first() if siret else None


def fiches_of(session: Session, user: User, organisme: Organisme) -> Sequence[Fiche]:
    """The structure's fiches in the moderator's territoires, drafts included."""
    return session.scalars(
        select(Fiche)
        .where(Fiche.organisme_id == organisme.id, Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))
        .order_by(Fiche.id.desc())
        .options(selectinload(Fiche.revisions))
    ).all()


def _helped(user: User) -> Select[Organisme]:
    living = select(Organisme).where(Organisme.merged_into_id.is_(None))
    return living.where(Organisme.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))
