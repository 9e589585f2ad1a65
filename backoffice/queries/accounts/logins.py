"""Open logins and the login log, for the account's own page and for administrators."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from backoffice.core.clock import now
from backoffice.models import Login, LoginEvent, User
from backoffice.queries.paging import Key, Page, Place, keyset_page
from backoffice.queries.search import says

PAGE = 50


def open_ones(session: Session, user: User) -> Sequence[Login]:
    """Logins that have not expired and have passed the second factor, latest first."""
    return session.scalars(
        select(Login)
        .where(Login.user_id == user.id, Login.expires_at > now(), Login.awaits_code.is_(False))
        .order_by(Login.opened_at.desc())
    ).all()


def events(session: Session, user_id: int | None, text: str, place: Place) -> Page[LoginEvent]:
    """One page of the login log, latest first. user_id: of one account; text: words of the account's name or e-mail."""
    query = select(LoginEvent)
    if user_id is not None:
        query = query.where(LoginEvent.user_id == user_id)
    if text:
        query = query.join(LoginEvent.user).where(says(User, text))
    latest_first = (Key(LoginEvent.id, down=True),)
    return keyset_page(session, query, latest_first, place, PAGE, options=[joinedload(LoginEvent.user)])
