"""Carriers: a structure without SIRET names one that has a SIRET. It is asked by e-mail and answers by a magic link."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.passwords import new_token, token_hash
from backoffice.core.snapshot import decision_lock
from backoffice.models import Fiche, Support
from backoffice.models.content import Contenu
from workflows.case import Case, Refused
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import tell


def ask(case: Case) -> None:
    """Sends the request to the carrier named in the content, unless it was already sent for this structure."""
    carrier = case.revision.content.structure.carrier
    if carrier is None or support_of(case.session, case.fiche, case.revision.content) is not None:
        return
    support = Support(
        organisme_id=case.fiche.organisme_id,
        siret=carrier.siret,
        nom=carrier.nom,
        email=carrier.courriel.lower(),
    )
    case.session.add(support)
    send(case, support)


def send(case: Case, support: Support) -> None:
    """Sends the request e-mail with a new magic link; the previous link stops working."""
    token = new_token()
    support.token_hash, support.asked_at = token_hash(token), case.at
    case.session.flush()
    tell(
        case.session,
        "structure_porteuse",
        key=f"{support.id} {case.at.isoformat()}",
        fiche=case.fiche,
        to=[Addressee(support.email, support.nom)],
        facts={"jeton": token, "porteuse": support.nom, "siret": support.siret},
    )


def accepted(case: Case) -> None:
    """Guard: raises Refused unless the carrier has accepted, when the content names one."""
    carrier = case.revision.content.structure.carrier
    if carrier is None:
        return
    support = support_of(case.session, case.fiche, case.revision.content)
    if support is None or support.accepted is None:
        raise Refused(
            f"La structure porteuse ({carrier.nom}) n’a pas encore confirmé : un message lui a été envoyé à "
            f"{carrier.courriel}. La fiche peut être validée dès qu’elle aura répondu."
        )
    if not support.accepted:
        raise Refused(
            f"La structure porteuse ({carrier.nom}) a répondu qu’elle ne porte pas cette structure. "
            "Renvoyez la fiche pour correction."
        )


def find(session: Session, token: str) -> Support | None:
    return session.scalars(select(Support).where(Support.token_hash == token_hash(token))).one_or_none()


def answer(session: Session, token: str, yes: bool) -> Support | None:
    """Records the answer of a carrier. Returns None when the token is unknown."""
    decision_lock(session)
    support = find(session, token)
    if support is not None:
        for one in (support, *_followed(session, support)):
            one.accepted, one.answered_at = yes, now()
        session.flush()
    return support


def _followed(session: Session, support: Support) -> Sequence[Support]:
    """The same request for the structure that this one was merged into."""
    return session.scalars(
        select(Support).where(
            Support.organisme_id == support.organisme.merged_into_id,
            Support.siret == support.siret,
            Support.email == support.email,
        )
    ).all()


def support_of(session: Session, fiche: Fiche, content: Contenu) -> Support | None:
    carrier = content.structure.carrier
    if carrier is None:
        return None
    return session.scalars(
        select(Support).where(
            Support.organisme_id == fiche.organisme_id,
            Support.siret == carrier.siret,
            Support.email == carrier.courriel.lower(),
        )
    ).one_or_none()
