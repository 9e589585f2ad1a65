"""Search and detail of accounts, for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload, lazyload

from backoffice.core.permissions import Role
from backoffice.models import Assignment, Change, Membership, Organisme, User
from backoffice.queries.paging import Key, Page, Place, keyset_page
from backoffice.queries.search import search
from backoffice.reference.demonstration import ACCOUNTS, Account

PAGE = 50
SHOWN = 30
"""Maximum number of changes shown on an account's page."""


@dataclass(frozen=True)
class Wanted:
    """Search filters. text: of the name or e-mail; role, territoire_id: None for all; active: False for closed."""

    text: str = ""
    role: Role | None = None
    territoire_id: int | None = None
    active: bool = True


def accounts(session: Session, wanted: Wanted, place: Place) -> Page[User]:
    """One page of accounts, by name. The number of queries is constant."""
    return keyset_page(session, _wanted(wanted), (Key(User.name), Key(User.id)), place, PAGE, counted=True)


def number_of_accounts(session: Session, wanted: Wanted) -> int:
    return session.scalar(select(func.count()).select_from(_wanted(wanted).subquery())) or 0


def _wanted(wanted: Wanted) -> Select[User]:
    """The accounts, without the addresses in `.invalid`: the application itself and erased accounts."""
    query = select(User).where(User.active == wanted.active, User.email.not_like("%.invalid"))
    query = search(query, wanted.text)
    of_structures = select(Membership.user_id).join(Organisme)
    of_territoires = select(Assignment.user_id)
    if wanted.territoire_id is not None:
        of_structures = of_structures.where(Organisme.territoire_id == wanted.territoire_id)
        of_territoires = of_territoires.where(Assignment.territoire_id == wanted.territoire_id)
    if wanted.role is not None:
        of_structures = of_structures.where(Membership.role == wanted.role)
        of_territoires = of_territoires.where(Assignment.role == wanted.role)
    if wanted.role is Role.ADMINISTRATEUR:
        query = query.where(User.administrator)
    elif wanted.role is not None or wanted.territoire_id is not None:
        query = query.where(or_(User.id.in_(of_structures), User.id.in_(of_territoires)))
    return query


def account(session: Session, user_id: int) -> User | None:
    """The account; None when it does not exist, was erased, or is the application's own (address in `.invalid`)."""
    return session.scalars(select(User).where(User.id == user_id, User.email.not_like("%.invalid"))).one_or_none()


def changes_of(session: Session, user: User) -> Sequence[Change]:
    """The latest SHOWN changes to the account, latest first."""
    return session.scalars(
        select(Change)
        .where(Change.subject == User.__tablename__, Change.subject_id == str(user.id))
        .order_by(Change.id.desc())
        .limit(SHOWN)
        .options(joinedload(Change.actor).options(lazyload(User.memberships), lazyload(User.assignments)))
    ).all()


def demonstration_accounts(session: Session) -> list[Account]:
    """The demonstration accounts of the shipped table that exist in this database, in the order of the table."""
    emails = [account.email for account in ACCOUNTS]
    known = set(session.scalars(select(User.email).where(User.demonstration, User.email.in_(emails))))
    return [account for account in ACCOUNTS if account.email in known]
