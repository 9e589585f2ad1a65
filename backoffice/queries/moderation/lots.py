"""Lots of decisions, visible only to the person who made them, and the revisions chosen for a lot."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, defer, joinedload, lazyload, selectinload

from backoffice.core.permissions import Role
from backoffice.models import Fiche, Lot, LotLine, LotResult, Revision, RevisionState, User


def own_lot(session: Session, user: User, lot_id: int) -> Lot | None:
    return session.scalars(select(Lot).where(Lot.id == lot_id, Lot.created_by_id == user.id)).first()


def own_lots(session: Session, user: User) -> Sequence[Lot]:
    """The latest 20 confirmed lots, latest first."""
    return session.scalars(
        select(Lot).where(Lot.created_by_id == user.id, Lot.status.is_not(None)).order_by(Lot.id.desc()).limit(20)
    ).all()


def lot_lines(session: Session, lot: Lot) -> Sequence[LotLine]:
    """The lines of a lot, by rank, with the relations that its page shows. The number of queries is constant."""
    return session.scalars(
        select(LotLine)
        .where(LotLine.lot_id == lot.id)
        .order_by(LotLine.rank)
        .options(
            joinedload(LotLine.revision).options(defer(Revision.document), defer(Revision.pending)),
            joinedload(LotLine.fiche).joinedload(Fiche.organisme),
        )
    ).all()


def tally(session: Session, lot: Lot) -> dict[LotResult | None, int]:
    """{result: number of lines}; None: lines not processed yet. Lines with an obstacle are left out."""
    rows = session.execute(
        select(LotLine.result, func.count())
        .where(LotLine.lot_id == lot.id, LotLine.obstacle == "")
        .group_by(LotLine.result)
    )
    return {result: number for result, number in rows}  # noqa: C416 - mypy does not accept a Row as a pair


def chosen_revisions(session: Session, user: User, ids: Sequence[int]) -> list[Revision]:
    """These revisions, in this order, without drafts and without those outside the moderator's territoires."""
    found = session.scalars(
        select(Revision)
        .join(Revision.fiche)
        .where(
            Revision.id.in_(ids),
            Revision.state != RevisionState.BROUILLON,
            Fiche.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)),
        )
        .options(
            contains_eager(Revision.fiche).options(
                joinedload(Fiche.organisme), joinedload(Fiche.territoire), selectinload(Fiche.revisions)
            ),
            joinedload(Revision.moderator).options(lazyload(User.memberships), lazyload(User.assignments)),
        )
    ).unique()
    by_id = {revision.id: revision for revision in found}
    return [by_id[id_] for id_ in dict.fromkeys(ids) if id_ in by_id]
