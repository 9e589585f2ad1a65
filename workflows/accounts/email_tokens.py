"""Single-use links that prove an e-mail address: send, find, use, void. Each has one purpose (`ProofKind`)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.passwords import new_token, token_hash
from backoffice.models import Proof, ProofKind, User
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import tell

NOTICES = {
    ProofKind.MOT_DE_PASSE: "mot_de_passe_oublie",
    ProofKind.ADRESSE: "adresse_a_confirmer",
    ProofKind.RETOUR: "adresse_changee",
}
LIVES = {
    ProofKind.MOT_DE_PASSE: timedelta(hours=1),
    ProofKind.ADRESSE: timedelta(days=1),
    ProofKind.RETOUR: timedelta(days=7),
}


def send(session: Session, kind: ProofKind, user: User, email: str, **facts: str) -> None:
    """Creates the link and writes its e-mail to `email` in the outbox."""
    token, at = new_token(), now()
    proof = Proof(
        token_hash=token_hash(token),
        kind=kind,
        user_id=user.id,
        email=email,
        created_at=at,
        expires_at=at + LIVES[kind],
    )
    session.add(proof)
    session.flush()
    to = [Addressee(email, user.name, user.id)]
    tell(session, NOTICES[kind], key=proof.token_hash, to=to, facts={"jeton": token, **facts})


def find(session: Session, token: str, *kinds: ProofKind) -> Proof | None:
    """The link of one of these kinds, open or not; None when unknown."""
    return session.scalars(
        select(Proof)
        .where(Proof.token_hash == token_hash(token), Proof.kind.in_(kinds))
        .execution_options(populate_existing=True)
    ).one_or_none()


def spend(session: Session, token: str, kind: ProofKind) -> Proof | None:
    """Marks an open link of an active account as used; locks the account row. None: expired, used or inactive."""
    proof = find(session, token, kind)
    if proof is None:
        return None
    hold(session, proof.user)
    session.refresh(proof)
    if not proof.open or not proof.user.active:
        return None
    proof.used_at = now()
    session.flush()
    return proof


def hold(session: Session, user: User) -> None:
    """Takes a row lock on the account until the end of the transaction, and reloads it."""
    session.execute(select(User.id).where(User.id == user.id).with_for_update())
    session.refresh(user)


def void(session: Session, user: User, *kinds: ProofKind) -> None:
    """Expires the account's links of these kinds."""
    session.execute(
        update(Proof)
        .where(Proof.user_id == user.id, Proof.kind.in_(kinds), Proof.expires_at > now())
        .values(expires_at=now())
    )
