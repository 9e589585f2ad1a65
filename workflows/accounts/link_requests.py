"""What all requests for a link share: their spacing, and the answer to an address that has no account.

Anybody may have a link sent to an address. Spacing keeps its mailbox from being filled, and its owner waits minutes at
most; the last link sent stays valid.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.models import Link, Mail
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import give_token, tell

TO_BEGIN = timedelta(days=7)
TO_JOIN = "/mes-structures/rejoindre"
"""Page to search for a structure."""
AT_ONCE = 3
"""Links sent without waiting, in an hour."""
EVERY = timedelta(minutes=5)
"""Between the next ones."""
LINKS = ("lien_fiche_asl", "lien_connexion", "lien_rejoindre", "mot_de_passe_oublie", "adresse_inconnue")


def is_too_soon(session: Session, email: str) -> bool:
    """Whether this address has received enough links lately. Asks the same of the base for any address."""
    recent = select(func.count(Mail.id), func.max(Mail.created_at)).where(
        Mail.address == email, Mail.notice.in_(LINKS), Mail.created_at > now() - timedelta(hours=1)
    )
    sent, last = session.execute(recent).one()
    return sent >= AT_ONCE and last > now() - EVERY


def tell_unknown(session: Session, email: str) -> None:
    """Tells an address that it has no open account, with a link that creates one: as much work as for an account, so
    that the time of the answer does not reveal which addresses have one."""
    link = Link(email=email, name="", page=TO_JOIN, expires_at=now() + TO_BEGIN)
    send(session, "adresse_inconnue", link, Addressee(email))


def send(session: Session, notice: str, link: Link, addressee: Addressee) -> None:
    token = give_token(session, link)
    tell(session, notice, key=link.token_hash, to=[addressee], facts={"jeton": token, "structure": link.structure})
