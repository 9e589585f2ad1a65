"""Members of a structure, invitations and requests to join, and who may decide on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload, lazyload

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.permissions import Role
from backoffice.models import (
    Invitation,
    InvitationState,
    JoinRequest,
    JoinState,
    LoginEvent,
    Membership,
    Organisme,
    User,
)
from backoffice.queries.search import search

_BARE = (lazyload(User.memberships), lazyload(User.assignments))
MOST = 20
"""Maximum number of structures shown by a search."""
SHORTEST = 3
"""Shortest search text, in characters; a shorter one would match too much."""


def manages(user: User, organisme: Organisme) -> bool:
    """Whether the person may manage the members, as responsable or as moderator of the territoire.

    False for an inactive account or a merged structure.
    """
    mine = organisme.id in user.responsable_ids or organisme.territoire_id in user.territoire_ids(Role.MODERATEUR)
    return user.active and mine and organisme.merged_into_id is None


def managed_structure(session: Session, user: User, organisme_id: int) -> Organisme | None:
    found = session.get(Organisme, organisme_id)
    return found if found is not None and manages(user, found) else None


def members(session: Session, organisme: Organisme) -> Sequence[Membership]:
    """Members by name, those with an active account first."""
    return session.scalars(
        select(Membership)
        .join(User)
        .where(Membership.organisme_id == organisme.id)
        .order_by(User.active.desc(), User.name, User.id)
        .options(joinedload(Membership.user).selectinload(User.memberships))
    ).all()


def last_connections(session: Session, user_ids: Collection[int]) -> dict[int, datetime]:
    """{user id: time of the last successful login}. Accounts without one in the log are absent."""
    rows = session.execute(
        select(LoginEvent.user_id, func.max(LoginEvent.at))
        .where(LoginEvent.user_id.in_(user_ids), LoginEvent.success)
        .group_by(LoginEvent.user_id)
    )
    return {user_id: at for user_id, at in rows if user_id is not None}


def open_invitations(session: Session, organisme: Organisme) -> Sequence[Invitation]:
    return session.scalars(
        select(Invitation)
        .where(Invitation.organisme_id == organisme.id, Invitation.state == InvitationState.OUVERTE)
        .order_by(Invitation.id.desc())
        .options(joinedload(Invitation.invited_by).options(*_BARE))
    ).all()


def network_invitations(session: Session) -> Sequence[Invitation]:
    """Open invitations of moderators, funders and administrators."""
    return session.scalars(
        select(Invitation)
        .where(Invitation.organisme_id.is_(None), Invitation.state == InvitationState.OUVERTE)
        .order_by(Invitation.id.desc())
        .options(joinedload(Invitation.invited_by).options(*_BARE), joinedload(Invitation.territoire))
    ).all()


# --- Requests to join -------------------------------------------------------------------------------


def waiting_requests(session: Session, organisme: Organisme) -> Sequence[JoinRequest]:
    """Pending requests, oldest first."""
    return session.scalars(
        select(JoinRequest)
        .where(JoinRequest.organisme_id == organisme.id, JoinRequest.state == JoinState.EN_ATTENTE)
        .order_by(JoinRequest.id)
        .options(joinedload(JoinRequest.user).options(*_BARE))
    ).all()


def own_requests(session: Session, user: User) -> Sequence[JoinRequest]:
    return session.scalars(
        select(JoinRequest)
        .where(JoinRequest.user_id == user.id)
        .order_by(JoinRequest.id.desc())
        .limit(MOST)
        .options(joinedload(JoinRequest.organisme))
    ).all()


def led() -> ColumnElement[bool]:
    """Condition on Organisme: has at least one active responsable."""
    return exists(
        select(Membership.id)
        .join(User)
        .where(Membership.organisme_id == Organisme.id, Membership.role == Role.RESPONSABLE, User.active)
    )


def left_to_moderators() -> ColumnElement[bool]:
    """Condition on JoinRequest and Organisme: pending, with no active responsable or past its due date.

    Moderators may decide on these requests.
    """
    return and_(
        JoinRequest.state == JoinState.EN_ATTENTE,
        or_(JoinRequest.due_on < local_day(now()), ~led()),
    )


def requests_to_decide(session: Session, user: User) -> Sequence[JoinRequest]:
    """Requests that moderators may decide, in the person's territoires, oldest first."""
    return session.scalars(
        select(JoinRequest)
        .join(Organisme)
        .where(Organisme.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)), left_to_moderators())
        .order_by(JoinRequest.id)
        .options(joinedload(JoinRequest.organisme), joinedload(JoinRequest.user).options(*_BARE))
    ).all()


def may_decide(session: Session, user: User, request: JoinRequest) -> bool:
    """Whether the person may decide: a responsable always; a moderator when there is none or none answered in time."""
    if not user.active:
        return False
    if request.organisme_id in user.responsable_ids:
        return True
    if request.organisme.territoire_id not in user.territoire_ids(Role.MODERATEUR):
        return False
    query = select(JoinRequest.id).join(Organisme).where(JoinRequest.id == request.id, left_to_moderators())
    return session.scalar(query) is not None


def findable(session: Session, user: User, text: str) -> Sequence[Organisme]:
    """Structures that a person may ask to join, found by the text.

    At most MOST + 1, without the person's own structures; empty when the text is shorter than SHORTEST.
    """
    if len("".join(text.split())) < SHORTEST:
        return []
    others = select(Organisme).where(Organisme.merged_into_id.is_(None), Organisme.id.not_in(user.organisme_ids))
    return session.scalars(
        search(others, text)
        .order_by(Organisme.nom, Organisme.id)
        .limit(MOST + 1)
        .options(joinedload(Organisme.territoire))
    ).all()
