"""Requests to join an existing structure, and their answers.

Its responsables decide. When it has none, or none answers within five working days, the moderators of its
territoire may decide too. They flush and never commit.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day, long_day
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import JoinRequest, JoinState, Membership, Organisme, User
from backoffice.queries.structures.members import left_to_moderators, may_decide
from backoffice.reference.public_holidays import after_working_days
from workflows.case import Refused
from workflows.notices.audiences import Addressee, Fact, Told, moderators
from workflows.notices.outbox import tell
from workflows.structures.members import lock_structure

from .operations import add_member, addressee_of, lock_account

PATIENCE = 5
"""Working days during which only the responsables may decide."""
MOST = 5
"""Maximum number of pending requests of one person."""


def ask(session: Session, actor: User, organisme_id: int, words: str) -> JoinRequest:
    """Creates a request and notifies the responsables, or the moderators when there is none. While one is pending for
    this structure, returns it unchanged. Raises Refused for a member, or beyond `MOST` pending requests."""
    actor = lock_account(session, actor.id)
    organisme = lock_structure(session, organisme_id)
    if organisme.id in actor.organisme_ids:
        raise Refused(f"Vous faites déjà partie de « {organisme.nom} ».")
    mine = select(JoinRequest).where(JoinRequest.user_id == actor.id, JoinRequest.state == JoinState.EN_ATTENTE)
    waiting = session.scalars(mine).all()
    if known := next((row for row in waiting if row.organisme_id == organisme.id), None):
        return known
    if len(waiting) >= MOST:
        raise Refused(f"Vous avez déjà {MOST} demandes en attente : attendez une réponse, ou annulez-en une.")
    today, region = local_day(now()), organisme.territoire.working_region
    request = JoinRequest(
        organisme_id=organisme.id,
        user_id=actor.id,
        words=words,
        due_on=after_working_days(today, PATIENCE, region),
    )
    session.add(request)
    session.flush()
    people = _responsables(session, organisme)
    if people:
        _tell(session, "demande_rattachement", request, people)
    else:
        escalate(session, request)
    return request


def cancel(session: Session, actor: User, request_id: int) -> JoinRequest:
    """Closes the requester's own request. Raises Refused for another person's."""
    request = _waiting(session, request_id)
    if request.user_id != actor.id:
        raise Refused("Cette demande n’existe pas.")
    request.state = JoinState.RETIREE
    request.closed_at = now()
    session.flush()
    return request


def cancel_all_of(session: Session, user: User) -> None:
    session.execute(
        update(JoinRequest)
        .where(JoinRequest.user_id == user.id, JoinRequest.state == JoinState.EN_ATTENTE)
        .values(state=JoinState.RETIREE, closed_at=now())
    )


def decide(session: Session, actor: User, request_id: int, role: Role | None) -> JoinRequest:
    """Accepts with `role`, or refuses with None. Raises Refused when already answered or the actor may not decide."""
    asker_id = session.scalar(select(JoinRequest.user_id).where(JoinRequest.id == request_id))
    if asker_id is None:
        raise Refused("Cette demande n’existe pas.")
    asker = lock_account(session, asker_id)
    request = _waiting(session, request_id)
    session.refresh(actor, ["memberships", "assignments"])
    if not may_decide(session, actor, request):
        raise Refused("Cette demande attend la réponse des responsables de la structure.")
    if role is not None:
        add_member(session, asker, request.organisme, role, actor)
    request.state = JoinState.REFUSEE if role is None else JoinState.ACCEPTEE
    request.closed_at, request.decided_by_id = now(), actor.id
    session.flush()
    notice = "demande_refusee" if role is None else "demande_acceptee"
    _tell(session, notice, request, [addressee_of(request.user)], actor)
    return request


def escalate(session: Session, request: JoinRequest) -> None:
    """Notifies the moderators that they may decide."""
    request.escalated_at = now()
    people = moderators(Told(session, territoire=request.organisme.territoire))
    _tell(session, "demande_moderateurs", request, people)


def remind() -> None:
    """Job, each working morning: notifies the moderators, once, of requests not answered in time."""
    with atomic() as session:
        ids = session.scalars(
            select(JoinRequest.id)
            .join(Organisme)
            .where(JoinRequest.escalated_at.is_(None), left_to_moderators())
            .order_by(JoinRequest.id)
        ).all()
    for request_id in ids:
        with atomic() as session:
            request = _lock(session, request_id)
            if request is not None and request.state is JoinState.EN_ATTENTE and request.escalated_at is None:
                escalate(session, request)


def _responsables(session: Session, organisme: Organisme) -> Sequence[Addressee]:
    return [
        addressee_of(user)
        for user in session.scalars(
            select(User)
            .join(Membership)
            .where(Membership.organisme_id == organisme.id, Membership.role == Role.RESPONSABLE, User.active)
            .order_by(User.id)
        )
    ]


def _lock(session: Session, request_id: int) -> JoinRequest | None:
    return session.scalars(
        select(JoinRequest)
        .where(JoinRequest.id == request_id)
        .with_for_update(of=JoinRequest)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _waiting(session: Session, request_id: int) -> JoinRequest:
    """The pending request. Locks its structure, then the request, until the end of the transaction."""
    organisme_id = session.scalar(select(JoinRequest.organisme_id).where(JoinRequest.id == request_id))
    if organisme_id is None:
        raise Refused("Cette demande n’existe pas.")
    lock_structure(session, organisme_id)
    request = _lock(session, request_id)
    if request is None:
        raise Refused("Cette demande n’existe pas.")
    if request.state is not JoinState.EN_ATTENTE:
        by = f" par {request.decided_by.name}" if request.decided_by else ""
        raise Refused(f"Cette demande a déjà été {_DONE[request.state]}{by}. Rien n’a été changé.")
    return request


_DONE = {JoinState.ACCEPTEE: "acceptée", JoinState.REFUSEE: "refusée", JoinState.RETIREE: "retirée"}


def _tell(
    session: Session, notice: str, request: JoinRequest, to: Sequence[Addressee], actor: User | None = None
) -> None:
    facts: dict[str, Fact] = {
        "personne": request.user.name,
        "courriel": request.user.email,
        "structure": request.organisme.nom,
        "organisme": request.organisme_id,
        "mots": request.words.split("\n"),
        "echeance": long_day(request.due_on),
    }
    tell(
        session,
        notice,
        key=f"{request.id}",
        actor=actor,
        territoire=request.organisme.territoire,
        to=to,
        facts=facts,
    )
