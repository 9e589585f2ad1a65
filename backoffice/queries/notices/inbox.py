"""A person's notices, and the outbox as administrators see it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.models import Mail, MailState, Mute, Notification, User
from backoffice.queries.paging import Key, Page, Place, keyset_page

SHOWN = 100


def own_notices(session: Session, user: User) -> Sequence[Notification]:
    """The latest SHOWN notices, latest first."""
    return session.scalars(
        select(Notification).where(Notification.user_id == user.id).order_by(Notification.id.desc()).limit(SHOWN)
    ).all()


def own_notice(session: Session, user: User, notice_id: int) -> Notification | None:
    return session.scalars(
        select(Notification).where(Notification.id == notice_id, Notification.user_id == user.id)
    ).first()


def unread(session: Session, user: User) -> int:
    query = select(func.count()).where(Notification.user_id == user.id, Notification.read_at.is_(None))
    return session.scalar(query) or 0


def muted(session: Session, user: User) -> set[str]:
    return set(session.scalars(select(Mute.notice).where(Mute.user_id == user.id)))


def mails(session: Session, state: MailState | None, place: Place) -> Page[Mail]:
    """One page of e-mails, latest first. state: None for all."""
    query = select(Mail)
    if state is not None:
        query = query.where(Mail.state == state)
    return keyset_page(session, query, (Key(Mail.id, down=True),), place, SHOWN)


def mail_counts(session: Session) -> dict[MailState, int]:
    return dict(session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all())
