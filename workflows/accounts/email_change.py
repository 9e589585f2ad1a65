"""Change of an account's e-mail address: confirmed at the new one, reversible for 7 days from the former one."""

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
    """Sends a confirmation link to the new address and voids the earlier one. When the address already has an
    account, nothing is sent and the answer is the same, so that nobody learns who has an account. Raises Refused for
    a demonstration account."""
    if user.demonstration:
        raise Refused(PUBLIC_ACCOUNT)
    email_tokens.hold(session, user)
    email_tokens.void(session, user, ProofKind.ADRESSE)
    if session.scalar(select(User.id).where(User.email == email)) is None:
        email_tokens.send(session, ProofKind.ADRESSE, user, email)


def find(session: Session, token: str) -> Proof | None:
    return email_tokens.find(session, token, *KINDS)


def confirm(session: Session, token: str) -> User | None:
    """Sets the new address; sends the former one a link that undoes the change. Voids magic links.

    Returns None when the link has expired or was used. Raises Refused when another account has the address.
    """
    proof = email_tokens.spend(session, token, ProofKind.ADRESSE)
    if proof is None:
        return None
    user, former = proof.user, proof.user.email
    _rename(session, user, proof.email)
    email_tokens.void(session, user, ProofKind.ADRESSE, ProofKind.MOT_DE_PASSE)
    # The former mailbox may still hold magic links.
    session.execute(update(Link).where(Link.user_id == user.id, Link.expires_at > now()).values(expires_at=now()))
    email_tokens.send(session, ProofKind.RETOUR, user, former, nouvelle=user.email)
    return user


def undo(session: Session, token: str) -> User | None:
    """Restores the former address and closes every login. Returns and raises as `confirm`."""
    proof = email_tokens.spend(session, token, ProofKind.RETOUR)
    if proof is None:
        return None
    user = proof.user
    _rename(session, user, proof.email)
    # Undoing one of several changes also undoes the later ones, so their links are voided.
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
