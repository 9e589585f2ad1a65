"""System account: actor of what Relais does by itself, such as scheduled jobs.

It has no password, is inactive, and its address is in the reserved domain `.invalid`: nobody can log in with it.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import User

ADDRESS = "automate@relais.invalid"
NAME = "Relais"


def robot(session: Session) -> User:
    """Returns its row; creates it on first use."""
    found = session.scalars(select(User).where(User.email == ADDRESS)).one_or_none()
    if found is None:
        found = User(email=ADDRESS, name=NAME, password_hash="", active=False)
        session.add(found)
        session.flush()
    return found


def is_robot(actor: User) -> bool:
    return actor.email == ADDRESS
