"""Open connections and the log of logins: open, refuse, mark as seen, close."""

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
"""Time allowed between the password and the second-factor code."""
SEEN_EVERY = timedelta(minutes=5)
SECOND_STEPS = (LoginWay.CODE, LoginWay.SECOURS)


@dataclass(frozen=True)
class Place:
    """Device and network of a login, without detail: see `backoffice.web.devices`."""

    device: str = ""
    network: str = ""


def come_in(session: Session, user: User, way: LoginWay, place: Place, replaced: str = "") -> str:
    """Opens a connection. Returns its token; only the hash is stored.

    When the account has a second factor, any other way opens a connection that still awaits a code.
    replaced: token of the connection that this one replaces.
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


def renew(session: Session, token: str) -> str:
    """Gives the connection of this token a new one, which it returns. Raises NoResultFound when it is closed."""
    fresh = new_token()
    session.execute(
        update(Login)
        .where(Login.token_hash == token_hash(token))
        .values(token_hash=token_hash(fresh))
        .returning(Login.user_id)
    ).one()
    return fresh


def refuse(session: Session, user: User | None, way: LoginWay, place: Place) -> None:
    """Logs a failed login. user: None when the address has no account; a row is written all the same, so that the
    response time does not reveal who has an account."""
    _note(session, user, way, place, success=False)


def _note(session: Session, user: User | None, way: LoginWay, place: Place, *, success: bool) -> None:
    user_id = user.id if user else None
    session.add(LoginEvent(user_id=user_id, way=way, success=success, device=place.device, network=place.network))
    session.flush()


def find(session: Session, token: str, *, awaits_code: bool = False) -> Login | None:
    """The unexpired connection of this token, with its user. awaits_code: one that still awaits a second-factor
    code."""
    return session.scalars(
        select(Login)
        .join(Login.user)
        .options(contains_eager(Login.user), joinedload(Login.user, User.second_factor))
        .where(Login.token_hash == token_hash(token), Login.expires_at > now(), Login.awaits_code.is_(awaits_code))
    ).first()


def seen_lately(login: Login) -> bool:
    return (login.seen_at or login.opened_at) > now() - SEEN_EVERY


def note_seen(engine: Engine, token: str) -> None:
    """Updates `seen_at` in a transaction of its own. Does nothing when the database is locked: the next request
    does it."""
    try:
        with Session(engine.execution_options(at_once=True)) as session:
            session.execute(update(Login).where(Login.token_hash == token_hash(token)).values(seen_at=now()))
            session.commit()
    except OperationalError:
        return


def close(session: Session, token: str) -> None:
    session.execute(delete(Login).where(Login.token_hash == token_hash(token)))


def close_one(session: Session, user: User, hashed: str) -> bool:
    """Closes one of the user's connections, by token hash. False: there is none."""
    closed = session.scalar(
        delete(Login).where(Login.token_hash == hashed, Login.user_id == user.id).returning(Login.token_hash)
    )
    return closed is not None


def close_others(session: Session, user: User, kept: str = "") -> int:
    """Closes the user's connections except that of the token `kept`; expires their magic links and password links.

    Returns how many connections were open.
    """
    closed = session.scalars(
        delete(Login).where(Login.user_id == user.id, Login.token_hash != token_hash(kept)).returning(Login.awaits_code)
    ).all()
    session.execute(update(Link).where(Link.user_id == user.id, Link.expires_at > now()).values(expires_at=now()))
    email_tokens.void(session, user, ProofKind.MOT_DE_PASSE)
    return closed.count(False)
