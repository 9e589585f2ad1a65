"""The address to which the survey of a convention is sent: asked to confirm itself each year, by a link.

A random token of which the base keeps only the hash, as for the other links (see `links`). What happens to
the address is noted in the history of the obligation «pne»; nothing is known of the person who reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.passwords import new_token, token_hash
from backoffice.models import ContactRequest, ContactState, Convention, ObligationKind, User
from backoffice.models.transition_names import ObligationTransition
from workflows.case import Refused
from workflows.notices.audiences import Addressee, Fact
from workflows.robot import robot

from .obligations import apply, lock
from .operations import rename_contact

LIFE = timedelta(days=30)
"""Of a link. Once it is too old, whoever holds it may ask for another one, sent to the same address."""


def ask(session: Session, actor: User, convention_id: int) -> None:
    """Sends the link to the present address of the convention."""
    convention = lock(session, convention_id)
    if not convention.contact_pne:
        raise Refused("Cette convention n’a pas encore d’adresse pour l’enquête : écrivez-la d’abord.")
    _ask(session, convention, actor)


def _ask(session: Session, convention: Convention, actor: User) -> None:
    """Makes the link; the transition sends it."""
    token = new_token()
    request = ContactRequest(
        token_hash=token_hash(token),
        convention_id=convention.id,
        email=convention.contact_pne,
        expires_at=now() + LIFE,
    )
    session.add(request)
    convention.contact_asked_at = now()
    _note(
        session,
        convention,
        ObligationTransition.DEMANDER_ADRESSE,
        actor,
        to=[Addressee(convention.contact_pne)],
        facts={
            "jeton": token,
            "beneficiaire": convention.structure_name,
            "programme": convention.programme,
            "annee": convention.annee,
            "reference": convention.reference,
        },
    )


def find(session: Session, token: str) -> ContactRequest | None:
    """The request, open or not."""
    return session.scalars(
        select(ContactRequest)
        .where(ContactRequest.token_hash == token_hash(token))
        .execution_options(populate_existing=True)
    ).one_or_none()


def confirm(session: Session, token: str) -> bool:
    """The address is right, says whoever reads it. Said twice, it is written once. False: the link is too old."""
    request = _held(session, token)
    if request is None or not request.open:
        return False
    convention = request.convention
    if request.used_at is None or convention.contact_state is not ContactState.CONFIRMEE:
        request.used_at = now()
        confirmed(session, convention)
    return True


def confirmed(session: Session, convention: Convention) -> None:
    """From now on the address is confirmed, for a year."""
    convention.contact_confirmed_at, convention.contact_bounced_at, convention.contact_bounce = now(), None, ""
    _note(session, convention, ObligationTransition.CONFIRMER_ADRESSE, robot(session))


def name_other(session: Session, token: str, email: str) -> bool:
    """Another address takes the place of this one, and must in turn confirm itself. False: the link is too old."""
    request = _held(session, token)
    if request is None or not request.open:
        return False
    convention = request.convention
    if email == convention.contact_pne:
        return confirm(session, token)
    rename_contact(session, convention, email, robot(session), "Nommée par la personne qui a reçu le lien.")
    _ask(session, convention, robot(session))
    return True


def renew(session: Session, token: str) -> None:
    """The same link again, when it is too old; never to an address that the convention no longer has."""
    request = _held(session, token)
    if request is not None and not request.open and request.email == request.convention.contact_pne:
        _ask(session, request.convention, robot(session))


def rename(session: Session, actor: User, convention_id: int, email: str) -> None:
    """Another address, as the structure or the funder writes it; "" for none."""
    convention = lock(session, convention_id)
    if email != convention.contact_pne:
        rename_contact(session, convention, email, actor)


def bounced(session: Session, actor: User, convention_id: int, why: str) -> None:
    """E-mails to this address come back: it is no longer confirmed, until it confirms itself again."""
    convention = lock(session, convention_id)
    if not convention.contact_pne:
        raise Refused("Cette convention n’a pas d’adresse pour l’enquête.")
    _note(session, convention, ObligationTransition.NOTER_RETOUR, actor, why)
    convention.contact_confirmed_at = None
    convention.contact_bounced_at, convention.contact_bounce = now(), why
    session.flush()


def refused_by_server(session: Session, address: str, why: str) -> None:
    """The server said that nobody is there: all the conventions that use this address must know."""
    ids = session.scalars(
        select(Convention.id).where(Convention.contact_pne == address.lower(), Convention.contact_bounced_at.is_(None))
    ).all()
    for convention_id in ids:
        bounced(session, robot(session), convention_id, f"Le serveur de messagerie l’a refusée : {why}"[:500])


def _held(session: Session, token: str) -> ContactRequest | None:
    """The request, with its convention locked until the transaction ends."""
    request = find(session, token)
    if request is not None:
        lock(session, request.convention_id)
        session.refresh(request)
    return request


def _note(
    session: Session,
    convention: Convention,
    name: str,
    actor: User,
    comment: str = "",
    to: Sequence[Addressee] = (),
    facts: Mapping[str, Fact] | None = None,
) -> None:
    pne, proof = convention.obligation(ObligationKind.PNE), {"adresse": convention.contact_pne}
    apply(session, name, obligation_id=pne.id, actor=actor, comment=comment, proof=proof, to=to, facts=facts)
