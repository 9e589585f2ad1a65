"""Invitations into a structure, a territoire or the network, by a link sent to an address.

The link is single-use and valid 14 days; sending again issues a new link. Only an account with the invited address
can accept it. They flush and never commit.
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
"""Minimum delay between two messages of one invitation."""
OF_A_STRUCTURE = (Role.SAISIE, Role.RESPONSABLE)
TWICE = "Une invitation attend déjà la réponse de cette adresse : vous pouvez l’envoyer de nouveau ou la retirer."


@dataclass(frozen=True)
class Offer:
    """The role an invitation grants. programmes, departements: for a funder, as in Assignment."""

    role: Role
    organisme: Organisme | None = None
    territoire: Territoire | None = None
    programmes: Sequence[str] = ()
    departements: Sequence[str] = ()


def invite(session: Session, actor: User, email: str, offer: Offer) -> Invitation:
    """Creates the invitation and sends its link. email: lower case. Raises Refused when the actor may not offer the
    role, or when the person already has it or is already invited."""
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
    """Sends a new link and voids the former one. Raises Refused within `AGAIN` of the last message."""
    invitation = _waiting(session, actor, invitation_id)
    if now() - invitation.sent_at < AGAIN:
        raise Refused("Un message vient de partir à cette adresse. Attendez quelques minutes avant un autre.")
    token = _new_link(invitation)
    session.flush()
    _send(session, invitation, token)
    return invitation


def withdraw(session: Session, actor: User, invitation_id: int) -> Invitation:
    """Closes the invitation as withdrawn; its link no longer works."""
    invitation = _waiting(session, actor, invitation_id)
    invitation.state = InvitationState.RETIREE
    invitation.closed_at = now()
    session.flush()
    return invitation


def withdraw_all_of(session: Session, user: User) -> None:
    """Withdraws the open invitations this person sent or received."""
    session.execute(
        update(Invitation)
        .where(
            Invitation.state == InvitationState.OUVERTE,
            (Invitation.invited_by_id == user.id) | (Invitation.email == user.email),
        )
        .values(state=InvitationState.RETIREE, closed_at=now())
    )


def find(session: Session, token: str) -> Invitation | None:
    """The invitation of this token, open or not; None when unknown."""
    return session.scalars(
        select(Invitation).where(Invitation.token_hash == token_hash(token)).execution_options(populate_existing=True)
    ).one_or_none()


def accept(session: Session, token: str, user: User) -> Invitation:
    """Grants the offered role to an existing account. Raises Refused unless it is active and has the invited
    address."""
    user = lock_account(session, user.id)
    invitation = _held(session, token)
    if not user.active or user.email != invitation.email:
        raise Refused("Cette invitation a été envoyée à une autre adresse que celle de votre compte.")
    _give(session, invitation, user)
    return invitation


def join(session: Session, token: str, name: str, password_hash: str) -> User:
    """Creates the account of the invited address and grants the offered role."""
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
    """Raises Refused when the person already has the offered role."""
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
    """Returns a new token; only its hash is stored."""
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
    """The open invitation, locked. Raises Refused when it is closed or the actor may not offer its role."""
    invitation = _locked(session, Invitation.id == invitation_id)
    if invitation is None:
        raise Refused("Cette invitation n’existe pas.")
    _may_offer(session, actor, Offer(invitation.role, invitation.organisme, invitation.territoire))
    if invitation.state is not InvitationState.OUVERTE:
        raise Refused("Cette invitation a déjà été acceptée ou retirée. Rien n’a été changé.")
    return invitation


def _held(session: Session, token: str) -> Invitation:
    """The open, unexpired invitation, locked. The structure is locked first, in the order of `invite`."""
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
    """Path of the page where the inviter finds the new person."""
    if invitation.organisme_id is not None:
        return f"/structures/{invitation.organisme_id}/membres"
    return f"/administration/comptes/{invitation.accepted_by_id}"
