"""Inviting somebody into a structure, a territoire or the network, by a link sent to their address.

The link serves once, for 14 days; sent again it is another one. Only the account of the invited address gets
what it offers. They flush and never commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.passwords import new_token, token_hash
from backoffice.core.permissions import Permission, Role
from backoffice.models import Invitation, InvitationState, Membership, Organisme, Territoire, User
from backoffice.queries.structures.members import manages
from workflows.case import Refused
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import tell
from workflows.structures.members import lock_structure

from .operations import (
    add_member,
    addressee_of,
    assign,
    by_email,
    check_departements,
    create_account,
    lock_account,
    make_administrator,
)

LIFE = timedelta(days=14)
AGAIN = timedelta(minutes=10)
"""Between two messages to the same address."""
OF_A_STRUCTURE = (Role.SAISIE, Role.RESPONSABLE)
TWICE = "Une invitation attend déjà la réponse de cette adresse : vous pouvez l’envoyer de nouveau ou la retirer."


@dataclass(frozen=True)
class Offer:
    """What an invitation gives. programmes, departements: of a funder, as in Assignment."""

    role: Role
    organisme: Organisme | None = None
    territoire: Territoire | None = None
    programmes: Sequence[str] = ()
    departements: Sequence[str] = ()


def invite(session: Session, actor: User, email: str, offer: Offer) -> Invitation:
    """email: in lower case."""
    _may_offer(session, actor, offer)
    if offer.organisme is not None:
        lock_structure(session, offer.organisme.id)
    _not_there_yet(session, email, offer)
    if offer.territoire is not None:
        check_departements(session, offer.territoire, offer.departements)
    invitation = Invitation(
        email=email,
        role=offer.role,
        organisme_id=offer.organisme.id if offer.organisme else None,
        territoire_id=offer.territoire.id if offer.territoire else None,
        programmes=list(offer.programmes),
        departements=list(offer.departements),
        invited_by_id=actor.id,
    )
    token = _new_link(invitation)
    try:
        with session.begin_nested():
            session.add(invitation)
    except IntegrityError as error:
        raise Refused(TWICE) from error
    _send(session, invitation, token)
    return invitation


def send_again(session: Session, actor: User, invitation_id: int) -> Invitation:
    """Another link, to the same address: the one before no longer lets in."""
    invitation = _waiting(session, actor, invitation_id)
    if now() - invitation.sent_at < AGAIN:
        raise Refused("Un message vient de partir à cette adresse. Attendez quelques minutes avant un autre.")
    token = _new_link(invitation)
    session.flush()
    _send(session, invitation, token)
    return invitation


def withdraw(session: Session, actor: User, invitation_id: int) -> Invitation:
    """Its link no longer lets in."""
    invitation = _waiting(session, actor, invitation_id)
    invitation.state = InvitationState.RETIREE
    invitation.closed_at = now()
    session.flush()
    return invitation


def withdraw_all_of(session: Session, user: User) -> None:
    """Those that the person sent, and those that wait for them."""
    session.execute(
        update(Invitation)
        .where(
            Invitation.state == InvitationState.OUVERTE,
            (Invitation.invited_by_id == user.id) | (Invitation.email == user.email),
        )
        .values(state=InvitationState.RETIREE, closed_at=now())
    )


def find(session: Session, token: str) -> Invitation | None:
    """The invitation, open or not."""
    return session.scalars(
        select(Invitation).where(Invitation.token_hash == token_hash(token)).execution_options(populate_existing=True)
    ).one_or_none()


def accept(session: Session, token: str, user: User) -> Invitation:
    """A person who has an account takes what is offered to their address."""
    user = lock_account(session, user.id)
    invitation = _held(session, token)
    if not user.active or user.email != invitation.email:
        raise Refused("Cette invitation a été envoyée à une autre adresse que celle de votre compte.")
    _give(session, invitation, user)
    return invitation


def join(session: Session, token: str, name: str, password_hash: str) -> User:
    """Makes the account of somebody whom the link reached, with what is offered."""
    invitation = _held(session, token)
    user = create_account(session, invitation.email, name, password_hash)
    _give(session, invitation, user)
    return user


def _may_offer(session: Session, actor: User, offer: Offer) -> None:
    if offer.role in OF_A_STRUCTURE:
        if offer.organisme is None or not manages(actor, offer.organisme):
            raise Refused("Vous ne pouvez pas inviter dans cette structure.")
    elif not actor.active or not actor.can(Permission.ADMINISTER):
        raise Refused("Seule l’administration du réseau peut faire cela.")
    elif offer.role is not Role.ADMINISTRATEUR and offer.territoire is None:
        raise Refused("Choisissez un territoire.")


def _not_there_yet(session: Session, email: str, offer: Offer) -> None:
    """Refused for somebody who already has the role that is offered."""
    user = by_email(session, email)
    if user is None:
        return
    if offer.organisme is not None:
        known = select(Membership.id).where(
            Membership.user_id == user.id, Membership.organisme_id == offer.organisme.id
        )
        there = session.scalar(known) is not None
    elif offer.territoire is not None:
        place = offer.role, offer.territoire.id
        there = any((row.role, row.territoire_id) == place for row in user.assignments)
    else:
        there = user.administrator
    if there:
        raise Refused("Cette personne a déjà sa place ici : changez son rôle plutôt que de l’inviter.")


def _new_link(invitation: Invitation) -> str:
    """Gives the token, which the base does not keep."""
    token = new_token()
    invitation.token_hash = token_hash(token)
    invitation.sent_at, invitation.expires_at = now(), now() + LIFE
    return token


def _send(session: Session, invitation: Invitation, token: str) -> None:
    place = invitation.organisme.nom if invitation.organisme else ""
    if invitation.territoire is not None:
        place = invitation.territoire.nom
    tell(
        session,
        "invitation",
        key=invitation.token_hash,
        to=[Addressee(invitation.email)],
        facts={
            "jeton": token,
            "role": str(invitation.role),
            "lieu": place,
            "hote": invitation.invited_by.name,
        },
    )


def _waiting(session: Session, actor: User, invitation_id: int) -> Invitation:
    """One that nobody has answered, locked, and that this person may act on."""
    invitation = _locked(session, Invitation.id == invitation_id)
    if invitation is None:
        raise Refused("Cette invitation n’existe pas.")
    _may_offer(session, actor, Offer(invitation.role, invitation.organisme, invitation.territoire))
    if invitation.state is not InvitationState.OUVERTE:
        raise Refused("Cette invitation a déjà été acceptée ou retirée. Rien n’a été changé.")
    return invitation


def _held(session: Session, token: str) -> Invitation:
    """One that still lets in, locked; the structure before it, as when one invites."""
    known = find(session, token)
    if known is not None and known.organisme_id is not None:
        lock_structure(session, known.organisme_id)
    invitation = _locked(session, Invitation.token_hash == token_hash(token))
    if invitation is None or not invitation.open:
        raise Refused("Cette invitation n’est plus valable. Demandez à la personne qui vous a invité de la renvoyer.")
    return invitation


def _locked(session: Session, condition: ColumnElement[bool]) -> Invitation | None:
    return session.scalars(
        select(Invitation).where(condition).with_for_update(of=Invitation).execution_options(populate_existing=True)
    ).one_or_none()


def _give(session: Session, invitation: Invitation, user: User) -> None:
    host = invitation.invited_by
    if invitation.organisme is not None:
        add_member(session, user, invitation.organisme, invitation.role, host)
    elif invitation.territoire is not None:
        scope = invitation.programmes, invitation.departements
        assign(session, user, invitation.role, invitation.territoire, *scope, host)
    else:
        make_administrator(session, user, host)
    invitation.state = InvitationState.ACCEPTEE
    invitation.closed_at, invitation.accepted_by_id = now(), user.id
    session.flush()
    tell(
        session,
        "invitation_acceptee",
        key=str(invitation.id),
        actor=user,
        to=[addressee_of(host)] if host.active else [],
        facts={"personne": user.name, "page": _page(invitation)},
    )


def _page(invitation: Invitation) -> str:
    """Of those who invited: where the person is now."""
    if invitation.organisme_id is not None:
        return f"/structures/{invitation.organisme_id}/membres"
    return f"/administration/comptes/{invitation.accepted_by_id}"
