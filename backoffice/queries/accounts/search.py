"""The accounts, as administrators look for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, lazyload

from backoffice.core.permissions import Role
from backoffice.models import Assignment, Change, Membership, Organisme, User
from backoffice.queries.fiches.scope import containing
from backoffice.queries.paging import Key, Page, Place, keyset_page
from backoffice.reference.demonstration import ACCOUNTS, Account

PAGE = 50
SHOWN = 30
"""Changes on the page of a person."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for: words of the name or the address, a role or all, a territoire or all, open or closed."""

    text: str = ""
    role: Role | None = None
    territoire_id: int | None = None
    active: bool = True


def accounts(session: Session, wanted: Wanted, place: Place) -> Page[User]:
    """By name. The number of queries does not depend on theirs."""
    query = select(User).where(User.active == wanted.active, User.email.not_like("%.invalid"))
    if wanted.text:
        query = query.where(or_(containing(User.name, wanted.text), containing(User.email, wanted.text)))
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
    return keyset_page(session, query, (Key(User.name), Key(User.id)), place, PAGE, counted=True)


def account(session: Session, user_id: int) -> User | None:
    """Somebody's; never that of Relais itself, which nobody holds."""
    return session.scalars(select(User).where(User.id == user_id, User.email.not_like("%.invalid"))).one_or_none()


def changes_of(session: Session, user: User) -> Sequence[Change]:
    """What was changed of the account, the latest first."""
    return session.scalars(
        select(Change)
        .where(Change.subject == User.__tablename__, Change.subject_id == str(user.id))
        .order_by(Change.id.desc())
        .limit(SHOWN)
        .options(joinedload(Change.actor).options(lazyload(User.memberships), lazyload(User.assignments)))
    ).all()


def demonstration_accounts(session: Session) -> list[Account]:
    """The demonstration accounts shown to visitors that this base has, in the order of their table."""
    emails = [account.email for account in ACCOUNTS]
    known = set(session.scalars(select(User.email).where(User.demonstration, User.email.in_(emails))))
    return [account for account in ACCOUNTS if account.email in known]
