"""The second factor: a code made by a telephone (TOTP), or one of ten recovery codes."""

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
"""Steps of 30 seconds that the clock of a telephone may be ahead or late."""
CODES = 10
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without l, o, 0 and 1, which are read one for another. 32 signs: five bits each."""
SIGNS = 16
"""Of a recovery code: 80 bits, so that their SHA-256 cannot be searched."""


def begin(session: Session, user: User) -> None:
    """Makes a secret to show to a telephone. The present one, if any, serves until a code confirms the new one."""
    factor = _held(session, user)
    if factor is None:
        factor = user.second_factor = SecondFactor()
    factor.next_secret = pyotp.random_base32()
    session.flush()


def address(user: User) -> str:
    """What the square drawing says (otpauth://…), while a secret waits to be confirmed; else ""."""
    waiting = user.second_factor.next_secret if user.second_factor else ""
    return pyotp.TOTP(waiting).provisioning_uri(name=user.email, issuer_name=ISSUER) if waiting else ""


def confirm(session: Session, user: User, code: str, kept: str) -> list[str] | None:
    """The telephone knows the secret: from now on it serves, with new recovery codes, which are given here only.

    None: the code is wrong. kept: the token of the connection that stays; the others were opened without factor.
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
    """Which of the two shows that it is the person: a code of the telephone, a recovery code. Each serves once."""
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
    """Ten new recovery codes, as they are shown; the earlier ones are worth nothing any more."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(SIGNS)) for _ in range(CODES)]
    session.add_all(RecoveryCode(user_id=user.id, code_hash=token_hash(code)) for code in codes)
    session.flush()
    return ["-".join(re.findall("....", code)) for code in codes]


def codes_left(session: Session, user: User) -> int:
    return session.scalar(select(func.count()).where(_unused(user))) or 0


def are_theirs(session: Session, user: User, codes: list[str]) -> bool:
    """Whether all are recovery codes of the person that still serve: what was shown is what is downloaded."""
    hashes = {token_hash(_plain(code)) for code in codes}
    known = set(session.scalars(select(RecoveryCode.code_hash).where(_unused(user))))
    return bool(hashes) and hashes <= known


def _unused(user: User) -> ColumnElement[bool]:
    return and_(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))


def leave(session: Session, user: User) -> None:
    """The person no longer wants it. Raises Refused where it is obligatory."""
    if user.owes_second_factor:
        raise Refused("Votre compte doit garder un second facteur : changez de téléphone plutôt que de le retirer.")
    _drop(session, user)
    _tell(session, "second_facteur_retire", user, by_person=True)


def reset(session: Session, actor: User | None, user: User) -> bool:
    """An administrator, or with None the command line, takes it off: the telephone is lost. False: there was none.

    Their connections are closed: whoever found the telephone may have one.
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
    """The person's row, as it is now and until the transaction ends: of two who ask at once, one waits."""
    email_tokens.hold(session, user)
    session.expire(user, ["second_factor"])
    if user.second_factor is not None:
        session.refresh(user.second_factor)
    return user.second_factor


def _plain(code: str) -> str:
    """As it was made, however it was copied."""
    return re.sub(r"[\s-]", "", code.lower())[: 2 * SIGNS]


def _step(secret: str, code: str) -> int | None:
    """The time step of which this is the code, now or within the drift."""
    code = re.sub(r"\s", "", code)
    if not secret or not re.fullmatch(r"[0-9]{6}", code):
        return None
    totp = pyotp.TOTP(secret)
    present = int(now().timestamp()) // totp.interval
    steps = range(present - DRIFT, present + DRIFT + 1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)), None)
