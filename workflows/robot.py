"""Who acts when nobody does: the account in whose name Relais does what it does by itself, at its hour.

It has no password, is not active, and its address cannot exist: nobody can come in as it.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import User

ADDRESS = "automate@relais.invalid"
NAME = "Relais"


def robot(session: Session) -> User:
    """Its row, made the first time."""
    found = session.scalars(select(User).where(User.email == ADDRESS)).one_or_none()
    if found is None:
        found = User(email=ADDRESS, name=NAME, password_hash="", active=False)
        session.add(found)
        session.flush()
    return found


def is_robot(actor: User) -> bool:
    return actor.email == ADDRESS
