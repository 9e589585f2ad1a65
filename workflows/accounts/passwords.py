"""Passwords: forgotten, first, changed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.models import Proof, ProofKind, User
from workflows.case import Refused
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import tell

from . import email_tokens, link_requests, logins

PUBLIC_ACCOUNT = "Ce compte de démonstration est à tout le monde : son adresse et son mot de passe ne changent pas."


def ask(session: Session, email: str) -> None:
    """Sends a link to choose a password; tells an address without open account that it has none. Sends nothing to a
    demonstration account, whose password is everybody's."""
    user = session.scalars(select(User).where(User.email == email)).one_or_none()
    if link_requests.is_too_soon(session, email):
        return
    if user is None or not user.active:
        link_requests.tell_unknown(session, email)
    elif not user.demonstration:
        email_tokens.send(session, ProofKind.MOT_DE_PASSE, user, user.email)


def find(session: Session, token: str) -> Proof | None:
    return email_tokens.find(session, token, ProofKind.MOT_DE_PASSE)


def choose(session: Session, token: str, password_hash: str) -> bool:
    """Sets the password with an open link and closes every connection. False: the link has expired or was used."""
    proof = email_tokens.spend(session, token, ProofKind.MOT_DE_PASSE)
    if proof is None:
        return False
    _write(session, proof.user, password_hash, "")
    return True


def change(session: Session, user: User, password_hash: str, kept: str) -> None:
    """Changes the user's own password; closes every connection but that of the token `kept`. Raises Refused for a
    demonstration account."""
    if user.demonstration:
        raise Refused(PUBLIC_ACCOUNT)
    email_tokens.hold(session, user)
    _write(session, user, password_hash, kept)


def _write(session: Session, user: User, password_hash: str, kept: str) -> None:
    user.password_hash = password_hash
    logins.close_others(session, user, kept)
    # Whoever knew the former password may have asked for another address.
    email_tokens.void(session, user, ProofKind.ADRESSE)
    tell(
        session,
        "mot_de_passe_change",
        key=f"{user.id} {now()}",
        to=[Addressee(user.email, user.name, user.id)],
    )
