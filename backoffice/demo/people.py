"""Creates the demonstration accounts of backoffice.reference.demonstration."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backoffice.core.permissions import Role
from backoffice.models import Assignment, Membership, Organisme, Territoire, User
from backoffice.reference.demonstration import Account


def add_account(
    session: Session,
    account: Account,
    password_hash: str,
    organismes: dict[str, Organisme],
    territoires: dict[str, Territoire],
) -> User:
    user = User(
        email=account.email,
        name=account.name,
        password_hash=password_hash,
        administrator=account.role is Role.ADMINISTRATEUR,
        demonstration=True,
    )
    for key in account.of:
        if account.role in (Role.MODERATEUR, Role.FINANCEUR):
            user.assignments.append(Assignment(role=account.role, territoire=territoires[key]))
        else:
            user.memberships.append(Membership(role=account.role, organisme=organismes[key]))
    session.add(user)
    session.flush()
    return user
