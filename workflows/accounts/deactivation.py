"""Deactivating and reactivating an account. The history keeps the person's name on what they did.

They flush and never commit.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.permissions import Permission, Role
from backoffice.core.snapshot import decision_lock
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, Revision, RevisionState, User
from backoffice.models.transition_names import FicheTransition
from workflows.case import Refused
from workflows.change_log import record
from workflows.fiches.engine import apply
from workflows.notices.outbox import tell
from workflows.robot import is_robot, robot

from . import logins
from .invitations import withdraw_all_of
from .joining import cancel_all_of
from .operations import NO, YES, addressee_of, keep_an_administrator, lock_account, lock_administrators

ACTIVE = "compte actif"


def may_close(actor: User, user: User) -> bool:
    """Whether the actor may deactivate or reactivate this account. Administrators: all but their own. Moderators:
    those of people whose only roles are memberships of structures of the moderator's territoires."""
    if not actor.active or actor.id == user.id or is_robot(user):
        return False
    if actor.can(Permission.ADMINISTER):
        return True
    if user.administrator or user.assignments or not user.memberships:
        return False
    served = actor.territoire_ids(Role.MODERATEUR)
    return all(row.organisme.territoire_id in served for row in user.memberships)


def deactivate(session: Session, actor: User, user_id: int) -> User:
    """Closes the account's logins and magic links, returns its taken revisions to the queue, withdraws the invitations
    it sent or received, cancels its join requests. Idempotent. Raises Refused."""
    user = _closable(session, actor, user_id)
    if not user.active:
        return user
    keep_an_administrator(session, user)
    user.active = False
    record(session, actor, user, ACTIVE, YES, NO)
    session.flush()
    logins.close_others(session, user)
    release(session, user)
    withdraw_all_of(session, user)
    cancel_all_of(session, user)
    return user


def reactivate(session: Session, actor: User, user_id: int) -> User:
    """Restores access with the former roles, and sends a notice. Idempotent. Raises Refused."""
    user = _closable(session, actor, user_id)
    if user.active:
        return user
    user.active = True
    record(session, actor, user, ACTIVE, NO, YES)
    session.flush()
    tell(session, "compte_rouvert", key=f"{user.id} {now().isoformat()}", actor=actor, to=[addressee_of(user)])
    return user


def release(session: Session, user: User, territoire_ids: Collection[int] | None = None) -> int:
    """Returns to the queue the revisions this moderator had taken; territoire_ids: None for all. Returns their
    number."""
    taken = select(Revision.id, Revision.fiche_id).join(Fiche, Fiche.id == Revision.fiche_id)
    taken = taken.where(Revision.moderator_id == user.id, Revision.state == RevisionState.EN_INSTRUCTION)
    if territoire_ids is not None:
        taken = taken.where(Fiche.territoire_id.in_(territoire_ids))
    rows = session.execute(taken.order_by(Revision.fiche_id)).all()
    for row in rows:
        apply(session, FicheTransition.LIBERER, fiche_id=row.fiche_id, revision_id=row.id, actor=robot(session))
    return len(rows)


def sweep() -> None:
    """Job: releases revisions still held by inactive accounts, taken while the account was being deactivated."""
    with atomic() as session:
        closed = select(Revision.moderator_id).where(Revision.state == RevisionState.EN_INSTRUCTION)
        ids = session.scalars(select(User.id).where(~User.active, User.id.in_(closed))).all()
    for user_id in ids:
        with atomic() as session:
            decision_lock(session)
            release(session, session.get_one(User, user_id))


def _closable(session: Session, actor: User, user_id: int) -> User:
    decision_lock(session)  # before row locks, as in workflows.fiches.engine.lock: releasing fiches below is a decision
    lock_administrators(session)
    user = lock_account(session, user_id)
    session.refresh(actor)
    if actor.id == user.id:
        raise Refused("Vous ne pouvez pas désactiver votre propre compte : demandez-le à une autre personne.")
    if not may_close(actor, user):
        raise Refused("Vous ne pouvez pas désactiver ni rouvrir ce compte : demandez-le à l’administration du réseau.")
    return user
