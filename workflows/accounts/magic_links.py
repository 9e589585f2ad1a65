"""Magic links sent by e-mail, and what following one does.

A random token of which only the hash is stored, rather than a signed one: it can be single-use, it can be revoked,
and it does not reveal whose it is.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.passwords import token_hash
from backoffice.core.permissions import Role
from backoffice.models import Dispositif, Link, Membership, Organisme, Territoire, User
from forms.fiches.paths import PATHS
from workflows.conventions.recognition import Named, recognise
from workflows.fiches import operations
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import LINK_LIFE

from . import joining, link_requests, passwords
from .link_requests import TO_BEGIN, TO_JOIN, send
from .operations import create_account

TO_LOG_IN = timedelta(minutes=30)
"""For an account with a password: the link replaces the password once."""
OWN_STRUCTURES = "/mes-structures/"
ALIKE = 80
"""Out of 100: similarity from which the name of a structure is proposed instead of a new one."""


def ask_to_begin(session: Session, email: str, name: str, structure: str, territoire: Territoire) -> None:
    """Sends a magic link that starts a Fiche ASL; for an existing account, a login link instead."""
    if _account(session, email) is not None:
        ask_to_log_in(session, email)
        return
    if link_requests.is_too_soon(session, email):
        return
    link = Link(email=email, name=name, structure=structure, territoire_id=territoire.id, expires_at=now() + TO_BEGIN)
    send(session, "lien_fiche_asl", link, Addressee(email, name))


def ask_to_join(session: Session, email: str, name: str) -> None:
    """Sends a magic link that creates an account without password, then opens the page to join a structure; for an
    existing account, a login link instead."""
    if _account(session, email) is not None:
        ask_to_log_in(session, email, TO_JOIN)
        return
    if link_requests.is_too_soon(session, email):
        return
    link = Link(email=email, name=name, page=TO_JOIN, expires_at=now() + TO_BEGIN)
    send(session, "lien_rejoindre", link, Addressee(email, name))


def ask_to_log_in(session: Session, email: str, page: str = "/") -> None:
    """Sends a login link to an active account. Another address is told so, and gets a link that creates an account:
    whoever asks sees the same answer, after the same work.

    An account that must set up a second factor needs a password: it gets the link to choose one.
    """
    user = _account(session, email)
    if link_requests.is_too_soon(session, email):
        return
    if user is None or not user.active:
        link_requests.tell_unknown(session, email)
        return
    if user.owes_second_factor:
        passwords.ask(session, email)
        return
    passwordless = not user.password_hash
    link = Link(
        user_id=user.id,
        email=email,
        page=page,
        single_use=not passwordless,
        expires_at=now() + (LINK_LIFE if passwordless else TO_LOG_IN),
    )
    send(session, "lien_connexion", link, Addressee(email, user.name, user.id))


def renew(session: Session, link: Link) -> None:
    """Sends a new link like this expired one, to the same address."""
    if link.user_id is not None:
        ask_to_log_in(session, link.email, link.page)
    elif link.territoire is not None:
        ask_to_begin(session, link.email, link.name, link.structure, link.territoire)
    else:
        ask_to_join(session, link.email, link.name)


def find(session: Session, token: str) -> Link | None:
    """The link, open or not; None when unknown. Takes no lock."""
    return session.scalars(
        select(Link).where(Link.token_hash == token_hash(token)).execution_options(populate_existing=True)
    ).one_or_none()


def known_structures(session: Session, link: Link) -> list[Organisme]:
    """The structures that the one to be created by this link may already be, likeliest first; none for other links."""
    if not link.open or link.user_id is not None or link.territoire_id is None or _account(session, link.email):
        return []
    found = recognise(session, link.territoire_id, Named(link.structure)).candidates
    return [row.organisme for row in found if row.score >= ALIKE]


def follow(session: Session, token: str, joined_id: int | None = None) -> Link | None:
    """Marks an open link as used. On the first use of a link without account, creates what was requested.

    joined_id: one of `known_structures`, which the person asks to join instead of creating a structure.
    Returns None when the link is closed, or when the account must set up a second factor.
    """
    link = session.scalars(
        select(Link)
        .where(Link.token_hash == token_hash(token))
        .with_for_update(of=Link)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if link is None or not link.open:
        return None
    if link.user_id is None:
        _begin(session, link, joined_id)
    if session.get_one(User, link.user_id).owes_second_factor:
        return None
    link.used_at = now()
    session.flush()
    return link


def _begin(session: Session, link: Link, joined_id: int | None) -> None:
    """Creates the account, the structure and the first fiche, now that the address is confirmed.

    Only the account, and the request, when the person wants to join an existing structure.
    """
    user = _account(session, link.email)
    if link.territoire_id is None:
        user = user or create_account(session, link.email, link.name or link.email.partition("@")[0])
        link.user_id = user.id
        return
    link.page = "/fiches/"
    if user is None and joined_id is not None:
        user = create_account(session, link.email, link.name)
        words = f"Demande faite en voulant décrire un atelier de « {link.structure} »."
        joining.ask(session, user, joined_id, words)
        link.page = OWN_STRUCTURES
    elif user is None:
        user = User(email=link.email, name=link.name, password_hash="")
        structure = Organisme(nom=link.structure, territoire_id=link.territoire_id)
        user.memberships.append(Membership(role=Role.RESPONSABLE, organisme=structure))
        session.add(user)
        session.flush()
        fiche = operations.create_fiche(session, structure, Dispositif.ASL, user)
        link.page = f"/fiches/{fiche.id}/saisie/{PATHS[Dispositif.ASL].steps[0].slug}"
    link.user_id = user.id


def _account(session: Session, email: str) -> User | None:
    return session.scalars(select(User).where(User.email == email)).one_or_none()
