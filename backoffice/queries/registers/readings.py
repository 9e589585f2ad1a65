"""Imports of registers and their differences, for the administration pages."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, lazyload

from backoffice.models import RegisterDifference, RegisterImport, User
from backoffice.queries.paging import Key, Page, Place, keyset_page

SHOWN = 20
PAGE = 50

_WITH_PERSON = joinedload(RegisterImport.created_by).options(lazyload(User.memberships), lazyload(User.assignments))


def readings(session: Session, register: str | None = None, shown: int = SHOWN) -> Sequence[RegisterImport]:
    """The latest imports of one register, or of all, latest first."""
    query = select(RegisterImport).options(_WITH_PERSON).order_by(RegisterImport.id.desc()).limit(shown)
    return session.scalars(query.where(RegisterImport.register == register) if register else query).all()


def reading(session: Session, import_id: int) -> RegisterImport | None:
    return session.get(RegisterImport, import_id, options=[_WITH_PERSON])


def last_versions(session: Session) -> dict[str, tuple[RegisterImport, int]]:
    """{register: (its latest version applied and not undone, number of its differences not applied)}."""
    stands = RegisterImport.applied_at.is_not(None) & RegisterImport.undone_at.is_(None)
    rank = func.row_number().over(
        partition_by=RegisterImport.register, order_by=(RegisterImport.applied_at.desc(), RegisterImport.id.desc())
    )
    ranked = select(RegisterImport.id, rank.label("rank")).where(stands).subquery()
    waiting = (
        select(func.count())
        .where(RegisterDifference.import_id == RegisterImport.id, RegisterDifference.applied.is_(False))
        .scalar_subquery()
    )
    query = select(RegisterImport, waiting).join(ranked, ranked.c.id == RegisterImport.id).where(ranked.c.rank == 1)
    return {row.register: (row, number) for row, number in session.execute(query)}


def differences(session: Session, import_id: int, place: Place, *, applied: bool) -> Page[RegisterDifference]:
    """One page of the differences of a version, in the order in which they were found."""
    query = select(RegisterDifference).where(
        RegisterDifference.import_id == import_id, RegisterDifference.applied.is_(applied)
    )
    return keyset_page(session, query, (Key(RegisterDifference.id),), place, PAGE)
