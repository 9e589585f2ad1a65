"""The second factor: a TOTP code made by a telephone, or one of ten recovery codes."""

from __future__ import annotations

import hmac
import re
import secrets

import pyotp
from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.passwords import token_hash
from backoffice.models import LoginWay, RecoveryCode, SecondFactor, User
from workflows.case import Refused
from workflows.change_log import record
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import tell

from . import email_tokens, logins

ISSUER = "Relais"
DRIFT = 1
"""Clock drift accepted, in steps of 30 seconds, in both directions."""
CODES = 10
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without l, o, 0 and 1, which look alike. 32 characters: five bits each."""
SIGNS = 16
"""Length of a recovery code: 80 bits, so that its SHA-256 cannot be brute-forced."""


def begin(session: Session, user: User) -> None:
    """Creates the secret to enrol a telephone. The present one, if any, stays valid until the new one is confirmed."""
    factor = _held(session, user)
    if factor is None:
        factor = user.second_factor = SecondFactor()
    factor.next_secret = pyotp.random_base32()
    session.flush()


def address(user: User) -> str:
    """Content of the QR code (otpauth://…) while a secret awaits confirmation; else ""."""
    waiting = user.second_factor.next_secret if user.second_factor else ""
    return pyotp.TOTP(waiting).provisioning_uri(name=user.email, issuer_name=ISSUER) if waiting else ""


def confirm(session: Session, user: User, code: str, kept: str) -> list[str] | None:
    """Activates the secret and returns new recovery codes, which are not shown again. None: wrong code.

    kept: token of the connection that stays; the others, opened without second factor, are closed.
    """
    factor = _held(session, user)
    step = _step(factor.next_secret, code) if factor and factor.next_secret else None
    if factor is None or step is None:
        return None
    factor.secret, factor.next_secret, factor.confirmed_at, factor.last_step = factor.next_secret, "", now(), step
    codes = remake_codes(session, user)
    logins.close_others(session, user, kept)
    _tell(session, "second_facteur_ajoute", user)
    return codes


def accept(session: Session, user: User, code: str, spare: str) -> LoginWay | None:
    """Checks a TOTP code, or the recovery code `spare` when given. Returns the way that matched, else None. Each code
    is single-use."""
    if spare:
        used = session.scalar(
            update(RecoveryCode)
            .where(
                RecoveryCode.user_id == user.id,
                RecoveryCode.code_hash == token_hash(_plain(spare)),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=now())
            .returning(RecoveryCode.id)
        )
        return LoginWay.SECOURS if used is not None else None
    step = _step(user.second_factor.secret, code) if user.second_factor else None
    if step is None:
        return None
    moved = session.scalar(
        update(SecondFactor)
        .where(SecondFactor.user_id == user.id, SecondFactor.last_step < step)
        .values(last_step=step)
        .returning(SecondFactor.user_id)
    )
    return LoginWay.CODE if moved is not None else None


def remake_codes(session: Session, user: User) -> list[str]:
    """Replaces the recovery codes. Returns ten new ones, as displayed."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(SIGNS)) for _ in range(CODES)]
    session.add_all(RecoveryCode(user_id=user.id, code_hash=token_hash(code)) for code in codes)
    session.flush()
    return ["-".join(re.findall("....", code)) for code in codes]


def codes_left(session: Session, user: User) -> int:
    return session.scalar(select(func.count()).where(_unused(user))) or 0


def are_theirs(session: Session, user: User, codes: list[str]) -> bool:
    """Whether all are unused recovery codes of this user: only codes that were shown can be downloaded."""
    hashes = {token_hash(_plain(code)) for code in codes}
    known = set(session.scalars(select(RecoveryCode.code_hash).where(_unused(user))))
    return bool(hashes) and hashes <= known


def _unused(user: User) -> ColumnElement[bool]:
    return and_(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))


def leave(session: Session, user: User) -> None:
    """Removes the second factor at the user's request. Raises Refused where it is mandatory."""
    if user.owes_second_factor:
        raise Refused("Votre compte doit garder un second facteur : changez de téléphone plutôt que de le retirer.")
    _drop(session, user)
    _tell(session, "second_facteur_retire", user, by_person=True)


def reset(session: Session, actor: User | None, user: User) -> bool:
    """Removes a user's second factor (lost telephone). actor: an administrator; None for the command line. Returns
    False when there was none. Raises Refused for the actor's own.

    Closes every connection: whoever found the telephone may hold one.
    """
    if actor is not None and actor.id == user.id:
        raise Refused("Vous ne pouvez pas retirer le vôtre ainsi : demandez à un autre administrateur.")
    if _held(session, user) is None:
        return False
    _drop(session, user)
    logins.close_others(session, user)
    record(session, actor, user, "second_factor", "oui", "non")
    _tell(session, "second_facteur_retire", user, by_person=False)
    return True


def _drop(session: Session, user: User) -> None:
    user.second_factor = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    session.flush()


def _tell(session: Session, notice: str, user: User, **facts: bool) -> None:
    tell(session, notice, key=f"{user.id} {now()}", to=[Addressee(user.email, user.name, user.id)], facts=facts)


def _held(session: Session, user: User) -> SecondFactor | None:
    """The user's row, reloaded under a lock on the account, so that concurrent requests run one after the other."""
    email_tokens.hold(session, user)
    session.expire(user, ["second_factor"])
    if user.second_factor is not None:
        session.refresh(user.second_factor)
    return user.second_factor


def _plain(code: str) -> str:
    """The code as generated: lower case, without spaces or hyphens."""
    return re.sub(r"[\s-]", "", code.lower())[: 2 * SIGNS]


def _step(secret: str, code: str) -> int | None:
    """The time step this code matches, within `DRIFT`; else None."""
    code = re.sub(r"\s", "", code)
    if not secret or not re.fullmatch(r"[0-9]{6}", code):
        return None
    totp = pyotp.TOTP(secret)
    present = int(now().timestamp()) // totp.interval
    steps = range(present - DRIFT, present + DRIFT + 1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)), None)
