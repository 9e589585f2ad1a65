"""Open connections and the log of logins: opening, being refused, being seen, closing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, delete, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, contains_eager, joinedload

from backoffice.core.clock import now
from backoffice.core.passwords import new_token, token_hash
from backoffice.models import Link, Login, LoginEvent, LoginWay, ProofKind, User

from . import email_tokens

LIFE = timedelta(hours=12)
TO_SHOW_A_CODE = timedelta(minutes=10)
"""Between a right password and the code that must follow it."""
SEEN_EVERY = timedelta(minutes=5)
SECOND_STEPS = (LoginWay.CODE, LoginWay.SECOURS)


@dataclass(frozen=True)
class Place:
    """Where a login comes from, coarsely: see backoffice.web.devices."""

    device: str = ""
    network: str = ""


def come_in(session: Session, user: User, way: LoginWay, place: Place, replaced: str = "") -> str:
    """Opens a connection; gives its token, which the base does not keep.

    Of an account that has a second factor, only a code opens it: another way makes one that awaits a code.
    replaced: the token of a connection that this one takes the place of.
    """
    awaits = user.has_second_factor and way not in SECOND_STEPS
    token = new_token()
    session.execute(delete(Login).where(or_(Login.expires_at <= now(), Login.token_hash == token_hash(replaced))))
    session.add(
        Login(
            token_hash=token_hash(token),
            user_id=user.id,
            expires_at=now() + (TO_SHOW_A_CODE if awaits else LIFE),
            device=place.device,
            awaits_code=awaits,
        )
    )
    if not awaits:
        user.seen_at = now()
    _note(session, user, way, place, success=True)
    return token


def refuse(session: Session, user: User | None, way: LoginWay, place: Place) -> None:
    """Notes a login that failed. user: None when the address has no account; it is written all the same, so that
    the time of the answer tells nobody who has one."""
    _note(session, user, way, place, success=False)


def _note(session: Session, user: User | None, way: LoginWay, place: Place, *, success: bool) -> None:
    user_id = user.id if user else None
    session.add(LoginEvent(user_id=user_id, way=way, success=success, device=place.device, network=place.network))
    session.flush()


def find(session: Session, token: str, *, awaits_code: bool = False) -> Login | None:
    """The connection of a token while it lasts, with its person; `awaits_code`: one that lets nobody in yet."""
    return session.scalars(
        select(Login)
        .join(Login.user)
        .options(contains_eager(Login.user), joinedload(Login.user, User.second_factor))
        .where(Login.token_hash == token_hash(token), Login.expires_at > now(), Login.awaits_code.is_(awaits_code))
    ).first()


def seen_lately(login: Login) -> bool:
    return (login.seen_at or login.opened_at) > now() - SEEN_EVERY


def note_seen(engine: Engine, token: str) -> None:
    """Writes that the connection has just been used; nothing when somebody else writes: the next request will."""
    try:
        with Session(engine.execution_options(at_once=True)) as session:
            session.execute(update(Login).where(Login.token_hash == token_hash(token)).values(seen_at=now()))
            session.commit()
    except OperationalError:
        return


def close(session: Session, token: str) -> None:
    session.execute(delete(Login).where(Login.token_hash == token_hash(token)))


def close_one(session: Session, user: User, hashed: str) -> bool:
    """Of the person's own, by the hash of its token. False: there is no such one (any more)."""
    closed = session.scalar(
        delete(Login).where(Login.token_hash == hashed, Login.user_id == user.id).returning(Login.token_hash)
    )
    return closed is not None


def close_others(session: Session, user: User, kept: str = "") -> int:
    """All that let the person in, but the connection of the token `kept`: the links that await in their mailbox too.

    Gives how many connections were open.
    """
    closed = session.scalars(
        delete(Login).where(Login.user_id == user.id, Login.token_hash != token_hash(kept)).returning(Login.awaits_code)
    ).all()
    session.execute(update(Link).where(Link.user_id == user.id, Link.expires_at > now()).values(expires_at=now()))
    email_tokens.void(session, user, ProofKind.MOT_DE_PASSE)
    return closed.count(False)
