"""Contact address of a convention for the PNE survey, confirmed each year by a magic link.

A random token of which only the hash is stored, as in `workflows.accounts.magic_links`. What happens to the address
is logged in the history of the obligation «pne»; nothing is stored about the person who reads it.
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
"""Lifetime of a magic link. The holder of an expired one may request another, sent to the same address."""


def ask(session: Session, actor: User, convention_id: int) -> None:
    """Sends a magic link to the present address of the convention. Raises Refused when it has none."""
    convention = lock(session, convention_id)
    if not convention.contact_pne:
        raise Refused("Cette convention n’a pas encore d’adresse pour l’enquête : écrivez-la d’abord.")
    _ask(session, convention, actor)


def _ask(session: Session, convention: Convention, actor: User) -> None:
    """Creates the magic link; the notice of the transition sends it."""
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
    """The request of this token, open or not; None when unknown."""
    return session.scalars(
        select(ContactRequest)
        .where(ContactRequest.token_hash == token_hash(token))
        .execution_options(populate_existing=True)
    ).one_or_none()


def confirm(session: Session, token: str) -> bool:
    """Confirms the address. Idempotent. False: unknown or expired link."""
    request = _held(session, token)
    if request is None or not request.open:
        return False
    convention = request.convention
    if request.used_at is None or convention.contact_state is not ContactState.CONFIRMEE:
        request.used_at = now()
        confirmed(session, convention)
    return True


def confirmed(session: Session, convention: Convention) -> None:
    """Marks the address as confirmed now; clears its bounce. Valid for a year."""
    convention.contact_confirmed_at, convention.contact_bounced_at, convention.contact_bounce = now(), None, ""
    _note(session, convention, ObligationTransition.CONFIRMER_ADRESSE, robot(session))


def name_other(session: Session, token: str, email: str) -> bool:
    """Replaces the address and sends a magic link to the new one; the same address is confirmed instead. False: unknown
    or expired link."""
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
    """Sends a new magic link in place of an expired one; never to an address the convention no longer has."""
    request = _held(session, token)
    if request is not None and not request.open and request.email == request.convention.contact_pne:
        _ask(session, request.convention, robot(session))


def rename(session: Session, actor: User, convention_id: int, email: str) -> None:
    """Sets the address written by the structure or the funder; "" for none."""
    convention = lock(session, convention_id)
    if email != convention.contact_pne:
        rename_contact(session, convention, email, actor)


def bounced(session: Session, actor: User, convention_id: int, why: str) -> None:
    """Records a bounce: the address is no longer confirmed. Raises Refused when there is no address."""
    convention = lock(session, convention_id)
    if not convention.contact_pne:
        raise Refused("Cette convention n’a pas d’adresse pour l’enquête.")
    _note(session, convention, ObligationTransition.NOTER_RETOUR, actor, why)
    convention.contact_confirmed_at = None
    convention.contact_bounced_at, convention.contact_bounce = now(), why
    session.flush()


def refused_by_server(session: Session, address: str, why: str) -> None:
    """Records a bounce on every convention with this address, after the mail server rejected it."""
    ids = session.scalars(
        select(Convention.id).where(Convention.contact_pne == address.lower(), Convention.contact_bounced_at.is_(None))
    ).all()
    for convention_id in ids:
        bounced(session, robot(session), convention_id, f"Le serveur de messagerie l’a refusée : {why}"[:500])


def _held(session: Session, token: str) -> ContactRequest | None:
    """The request of this token, reloaded under the lock of its convention; None when unknown."""
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
