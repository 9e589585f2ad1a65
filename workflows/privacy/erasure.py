"""Erases an account: the person is no longer named, nobody can log in to it, and the data that others need stays.

`workflows.privacy.personal_data` declares what is deleted, blanked or kept; this module does it, in the caller's
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, CursorResult, and_, delete, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from backoffice.core.clock import now
from backoffice.core.passwords import token_hash
from backoffice.core.permissions import Role
from backoffice.core.snapshot import decision_lock
from backoffice.core.transactions import on_commit
from backoffice.models import Erasure, Link, Membership, Organisme, Revision, RevisionState, User
from workflows.accounts.deactivation import release
from workflows.accounts.invitations import withdraw_all_of
from workflows.accounts.operations import keep_an_administrator, lock_administrators
from workflows.case import Refused
from workflows.flux import file_checks
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import give_token, tell
from workflows.robot import is_robot

from .holding import ACCOUNT, Fate, Holding
from .personal_data import HOLDINGS

PAGE = "/mes-donnees/?effacer"
"""Page of the magic link for a person without a password. Opening it does not erase anything."""
LINK_LIFE = timedelta(minutes=30)
"""Validity of the magic link that confirms an erasure, for a person without a password."""


def erase(session: Session, account_id: int, actor: User) -> Erasure:
    """Erases the account. Idempotent: called again, returns the Erasure of the first time.

    Raises Refused, with nothing changed, for the last administrator, the robot account and demonstration accounts.
    """
    decision_lock(session)  # before the row locks, as in engine.lock
    lock_administrators(session)
    if done := proof(session, account_id):
        return done
    user = session.get_one(User, account_id)
    if obstacle := refusal(session, user):
        raise Refused(obstacle)
    release(session, user)
    withdraw_all_of(session, user)
    user = session.scalars(
        select(User).where(User.id == account_id).with_for_update(of=User).execution_options(populate_existing=True)
    ).one()
    if done := proof(session, account_id):
        return done  # erased by a concurrent request
    counts = {holding.key: _clear(session, holding, user) for holding in HOLDINGS if holding.fate is not Fate.GARDE}
    for name, own in ACCOUNT.items():
        if not own.kept:
            setattr(user, name, own.blank)
    user.email = f"efface-{user.id}@relais.invalid"
    erasure = Erasure(account_id=account_id, actor_id=actor.id, counts=counts)
    session.add(erasure)
    session.flush()
    session.expire(user)
    on_commit(session, lambda: file_checks.forget(str(account_id)))
    return erasure


def proof(session: Session, account_id: int) -> Erasure | None:
    return session.scalars(select(Erasure).where(Erasure.account_id == account_id)).one_or_none()


def refusal(session: Session, user: User) -> str:
    """Why the account cannot be erased, in French; "" when it can."""
    if is_robot(user):
        return "Ce compte est celui de Relais lui-même : il ne s’efface pas."
    if user.demonstration:
        return "Ce compte de démonstration est à tout le monde : il ne s’efface pas."
    try:
        keep_an_administrator(session, user)
    except Refused as refused:
        return refused.message
    return ""


def left_alone(session: Session, user: User) -> Sequence[Organisme]:
    """The structures of which this person is the only active responsable."""
    other, account = aliased(Membership), aliased(User)
    somebody = exists().where(
        other.organisme_id == Membership.organisme_id,
        other.user_id != user.id,
        other.role == Role.RESPONSABLE,
        account.id == other.user_id,
        account.active,
    )
    mine = Membership.user_id == user.id, Membership.role == Role.RESPONSABLE
    return session.scalars(
        select(Organisme)
        .join(Membership, Membership.organisme_id == Organisme.id)
        .where(*mine, ~somebody)
        .order_by(Organisme.nom)
    ).all()


def in_hand(session: Session, user: User) -> int:
    """Number of versions that the person has taken for moderation and not decided."""
    return session.scalar(select(func.count()).where(_taken(user))) or 0


def _taken(user: User) -> ColumnElement[bool]:
    return and_(Revision.moderator_id == user.id, Revision.state == RevisionState.EN_INSTRUCTION)


def _clear(session: Session, holding: Holding, user: User) -> int:
    gone = holding.fate is Fate.SUPPRIME
    order = delete(holding.model) if gone else update(holding.model).values(holding.blank)
    changed = session.execute(order.where(holding.of(user)).execution_options(synchronize_session=False))
    assert isinstance(changed, CursorResult)
    return changed.rowcount


def ask_by_link(session: Session, user: User) -> None:
    """Sends the magic link that confirms the erasure to the address of the account."""
    link = Link(user_id=user.id, email=user.email, page=PAGE, single_use=True, expires_at=now() + LINK_LIFE)
    token = give_token(session, link)
    tell(
        session,
        "compte_a_effacer",
        key=link.token_hash,
        to=[Addressee(user.email, user.name, user.id)],
        facts={"jeton": token},
    )


def confirmed_by(session: Session, token: str) -> User | None:
    """The account of a valid link from `ask_by_link`; None when it is expired, used or another kind of link."""
    link = session.scalars(
        select(Link)
        .where(Link.token_hash == token_hash(token), Link.page == PAGE)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return link.user if link is not None and link.open else None
