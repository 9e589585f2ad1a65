"""The e-mail address of an account: confirmed at the new one, undone for seven days from the one it had."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.models import Link, Proof, ProofKind, User
from workflows.case import Refused

from . import email_tokens, logins
from .passwords import PUBLIC_ACCOUNT

KINDS = (ProofKind.ADRESSE, ProofKind.RETOUR)
TAKEN = "Cette adresse est déjà celle d’un autre compte : rien n’a été changé. Écrivez à votre Carif-Oref."


def ask(session: Session, user: User, email: str) -> None:
    """Sends the link to the new address, in place of one asked before. An address that has an account is sent
    nothing, and the asker is told the same: it tells nobody who has one."""
    if user.demonstration:
        raise Refused(PUBLIC_ACCOUNT)
    email_tokens.hold(session, user)
    email_tokens.void(session, user, ProofKind.ADRESSE)
    if session.scalar(select(User.id).where(User.email == email)) is None:
        email_tokens.send(session, ProofKind.ADRESSE, user, email)


def find(session: Session, token: str) -> Proof | None:
    return email_tokens.find(session, token, *KINDS)


def confirm(session: Session, token: str) -> User | None:
    """The new address takes its place; the former one is told, with the link that undoes it.

    None: the link is too old, or has served. Raises Refused when another account has the address.
    """
    proof = email_tokens.spend(session, token, ProofKind.ADRESSE)
    if proof is None:
        return None
    user, former = proof.user, proof.user.email
    _rename(session, user, proof.email)
    email_tokens.void(session, user, ProofKind.ADRESSE, ProofKind.MOT_DE_PASSE)
    # Links that let in wait in the mailbox that is no longer theirs.
    session.execute(update(Link).where(Link.user_id == user.id, Link.expires_at > now()).values(expires_at=now()))
    email_tokens.send(session, ProofKind.RETOUR, user, former, nouvelle=user.email)
    return user


def undo(session: Session, token: str) -> User | None:
    """The account has its former address again, and nobody is connected to it. As confirm for what it gives."""
    proof = email_tokens.spend(session, token, ProofKind.RETOUR)
    if proof is None:
        return None
    user = proof.user
    _rename(session, user, proof.email)
    # Of several changes in a row, undoing one undoes those that followed it: their links give nothing back.
    session.execute(
        update(Proof)
        .where(Proof.user_id == user.id, Proof.kind == ProofKind.RETOUR, Proof.created_at >= proof.created_at)
        .values(expires_at=now())
    )
    email_tokens.void(session, user, ProofKind.ADRESSE)
    logins.close_others(session, user)
    return user


def _rename(session: Session, user: User, email: str) -> None:
    try:
        with session.begin_nested():
            user.email = email
    except IntegrityError:
        raise Refused(TAKEN) from None
