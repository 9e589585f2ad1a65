"""Webhooks: what they are told, and how far each has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from backoffice.models import Fiche, Fragment, Publication, Territoire, Webhook, WebhookAttempt, WebhookEvent

ATTEMPTS_SHOWN = 50


@dataclass(frozen=True)
class Told:
    """One publication, as a webhook tells it. event: None when it does not concern the webhook."""

    publication_id: int
    at: datetime
    numero: str
    dispositif: str
    territoire: str
    """Slug of its territoire then."""
    event: WebhookEvent | None


def after(session: Session, webhook: Webhook, position: int, top: int, limit: int) -> Sequence[Told]:
    """The publications with an id in ]position, top], by id, in one query.

    Each is compared with the former one of its fiche, so the same row gives the same event for ever. A fiche that
    moves to another territoire leaves the webhooks of the first and enters those of the second.
    """
    former, old, new = aliased(Publication), aliased(Fragment), aliased(Fragment)
    previous = (
        select(func.max(former.id))
        .where(former.fiche_id == Publication.fiche_id, former.id < Publication.id)
        .scalar_subquery()
    )
    before = aliased(Publication)
    rows = session.execute(
        select(
            Publication.id,
            Publication.at,
            Publication.territoire_id,
            Fiche.numero,
            Fiche.dispositif,
            Territoire.slug,
            new.sha256.label("new"),
            before.territoire_id.label("was_in"),
            old.sha256.label("old"),
        )
        .join(Fiche, Fiche.id == Publication.fiche_id)
        .outerjoin(Territoire, Territoire.id == Publication.territoire_id)
        .outerjoin(new, new.id == Publication.fragment_id)
        .outerjoin(before, before.id == previous)
        .outerjoin(old, old.id == before.fragment_id)
        .where(Publication.id > position, Publication.id <= top)
        .order_by(Publication.id)
        .limit(limit)
    ).all()
    found = []
    for row in rows:
        was = row.old if webhook.territoire_id in (None, row.was_in) else None
        present = row.new if webhook.territoire_id in (None, row.territoire_id) else None
        event = _event(was, present)
        wanted = event if not webhook.events or event in webhook.events else None
        found.append(Told(row.id, row.at, row.numero, row.dispositif, row.slug or "", wanted))
    return found


def _event(was: str | None, present: str | None) -> WebhookEvent | None:
    """was, present: SHA-256 of the fragment that readers saw, then see; None: they did not see the fiche."""
    if was == present:
        return None
    if was is None:
        return WebhookEvent.PUBLIEE
    return WebhookEvent.RETIREE if present is None else WebhookEvent.MODIFIEE


def listed(session: Session) -> Sequence[Webhook]:
    return session.scalars(
        select(Webhook).options(joinedload(Webhook.territoire)).order_by(Webhook.title, Webhook.id)
    ).all()


def waiting(session: Session) -> Mapping[int, int]:
    """{webhook id: number of publications after its position}, an upper bound of what it must still be told."""
    rows = session.execute(
        select(Webhook.id, func.count(Publication.id))
        .outerjoin(Publication, Publication.id > Webhook.position)
        .group_by(Webhook.id)
    )
    return {row[0]: row[1] for row in rows}


def attempts(session: Session, webhook: Webhook) -> Sequence[WebhookAttempt]:
    """The latest ATTEMPTS_SHOWN, latest first."""
    return session.scalars(
        select(WebhookAttempt)
        .where(WebhookAttempt.webhook_id == webhook.id)
        .order_by(WebhookAttempt.id.desc())
        .limit(ATTEMPTS_SHOWN)
    ).all()


def position_at(session: Session, at: datetime) -> int:
    """The position from which everything since `at` is told again."""
    return session.scalar(select(func.max(Publication.id)).where(Publication.at < at)) or 0
