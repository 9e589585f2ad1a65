"""The structures that work in a moderator's territoires."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, selectinload

from backoffice.core.permissions import Role
from backoffice.models import Fiche, Organisme, User
from backoffice.queries.search import search

MOST = 50


def helped_structures(session: Session, user: User, text: str) -> Sequence[Organisme]:
    """The structures that the text finds, by name; MOST + 1 at most. No text: all."""
    query = search(_helped(user), text).order_by(Organisme.nom, Organisme.id)
    return session.scalars(query.limit(MOST + 1)).all()


def helped_structure(session: Session, user: User, organisme_id: int) -> Organisme | None:
    return session.scalars(_helped(user).where(Organisme.id == organisme_id)).first()


def survivor(session: Session, organisme_id: int) -> int:
    """Id of the structure that this one was merged into; its own id when it was not merged."""
    merged = select(Organisme.merged_into_id).where(Organisme.id == organisme_id)
    return session.scalar(merged) or organisme_id


def helped_among(session: Session, user: User, ids: Collection[int]) -> set[int]:
    """Those of these ids that are within the moderator's scope."""
    return set(session.scalars(_helped(user).where(Organisme.id.in_(ids)).with_only_columns(Organisme.id)))


def known_siret(session: Session, user: User, siret: str) -> Organisme | None:
    return session.scalars(_helped(user).where(Organisme.siret == siret)).first() if siret else None


def fiches_of(session: Session, user: User, organisme: Organisme) -> Sequence[Fiche]:
    """The structure's fiches in the moderator's territoires, drafts included, latest first."""
    return session.scalars(
        select(Fiche)
        .where(Fiche.organisme_id == organisme.id, Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))
        .order_by(Fiche.id.desc())
        .options(selectinload(Fiche.revisions))
    ).all()


def _helped(user: User) -> Select[Organisme]:
    return select(Organisme).where(works_in(user.territoire_ids(Role.MODERATEUR)))


def works(session: Session, organisme_id: int, territoire_id: int) -> bool:
    """Whether the structure works in this territoire."""
    query = select(Organisme.id).where(Organisme.id == organisme_id, works_in([territoire_id]))
    return session.scalar(query) is not None


def works_in(territoire_ids: Collection[int]) -> ColumnElement[bool]:
    """Condition on Organisme: registered in one of these territoires or with a fiche there, and not merged."""
    there = select(Fiche.organisme_id).where(Fiche.territoire_id.in_(territoire_ids))
    here = or_(Organisme.territoire_id.in_(territoire_ids), Organisme.id.in_(there))
    return and_(Organisme.merged_into_id.is_(None), here)
