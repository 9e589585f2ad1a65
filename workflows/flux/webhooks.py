"""Webhooks: tells receivers what is published, changed, withdrawn (https://www.standardwebhooks.com).

`Publication` is the outbox: a decision and its row are committed together. Each webhook keeps its position in that
history and is told the next rows one at a time, in order. A process killed before the position is written leaves it:
the next one sends the same message again with the same `webhook-id` and the same body, which the receiver drops.
Nothing is lost, and nothing has two ids.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backoffice.core import outgoing
from backoffice.core.clock import now
from backoffice.core.extensions import post
from backoffice.core.snapshot import settled
from backoffice.core.transactions import atomic
from backoffice.models import User, Webhook, WebhookAttempt, WebhookEvent
from backoffice.queries.fiches.changes import last, text_of
from backoffice.queries.flux import webhooks as queries
from backoffice.queries.flux.webhooks import Told
from forms.flux.webhooks import WebhookForm
from workflows.change_log import Columns, kept
from workflows.notices.outbox import tell

LEASE = timedelta(minutes=2)
"""Time after which a claimed webhook is free again: its process is considered dead. Longer than one request."""
DELAYS = (1, 5, 30, 120, 300, 600, 840, 1440)
"""Minutes before each new attempt; after the last one, more than two days later, the webhook is stopped."""
BATCH = 200
ATTEMPTS_KEPT = timedelta(days=30)
COLUMNS: Columns = {
    "title": {},
    "url": {},
    "territoire": {},
    "events": {str(event): event.label for event in WebhookEvent},
    "active": {},
    "position": {},
}

log = logging.getLogger(__name__)


# --- Sending -----------------------------------------------------------------------------------------


def sweep() -> None:
    """Job, every minute: tells each active webhook what follows its position. Forgets old attempts."""
    with atomic() as session:
        session.execute(delete(WebhookAttempt).where(WebhookAttempt.at < now() - ATTEMPTS_KEPT))
        due = session.scalars(select(Webhook.id).where(Webhook.active, Webhook.next_at <= now())).all()
    for webhook_id in due:
        deliver(webhook_id)


def deliver(webhook_id: int) -> None:
    """Tells one webhook all that waits, until it fails or another process takes it."""
    if not _claim(webhook_id):
        return
    while True:
        with atomic() as session:
            webhook = session.get(Webhook, webhook_id, populate_existing=True)
            if webhook is None:
                return
            top = last(session)
            found = queries.after(session, webhook, webhook.position, top, BATCH) if settled(session) else []
            position, url, secret = webhook.position, webhook.url, _secret(webhook)
        if not found:
            break
        for told in found:
            if told.event is not None and not _tell(webhook_id, position, url, secret, told):
                return
            if told.event is None and not _advance(webhook_id, position, told.publication_id):
                return
            position = told.publication_id
    with atomic() as session:
        session.execute(update(Webhook).where(Webhook.id == webhook_id, Webhook.active).values(next_at=now()))


def _claim(webhook_id: int) -> bool:
    with atomic() as session:
        claimed = session.scalar(
            update(Webhook)
            .where(Webhook.id == webhook_id, Webhook.active, Webhook.next_at <= now())
            .values(next_at=now() + LEASE)
            .returning(Webhook.id)
        )
    return claimed is not None


def _tell(webhook_id: int, position: int, url: str, secret: bytes, told: Told) -> bool:
    """Sends one message and writes how it went. False: stop here, it failed or another process moved the position."""
    assert told.event is not None
    body = message(told)
    status, error = None, ""
    try:
        status = outgoing.post(url, body, headers(webhook_id, told, secret, body))
        if not 200 <= status < 300:
            error = f"Réponse {status}"
    except (outgoing.RefusedAddress, outgoing.Unanswered) as failure:
        error = str(failure)
    attempt = WebhookAttempt(
        webhook_id=webhook_id,
        publication_id=told.publication_id,
        numero=told.numero,
        event=told.event,
        status=status,
        error=error,
    )
    if not error:
        return _advance(webhook_id, position, told.publication_id, attempt)
    _failed(webhook_id, position, attempt)
    return False


def message(told: Told) -> bytes:
    """The body: made from rows that never change, so that it is the same at each attempt."""
    data = {
        "numero": told.numero,
        "dispositif": told.dispositif,
        "territoire": told.territoire,
        "url": f"{post.site}/api/fiches/{told.numero}",
        "curseur": text_of(told.publication_id),
    }
    said = {"type": told.event, "timestamp": told.at.isoformat(), "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def headers(webhook_id: int, told: Told, secret: bytes, body: bytes) -> dict[str, str]:
    """webhook-id is that of the message, the same at each attempt; the signature is of this attempt."""
    name, at = f"msg_{webhook_id}_{told.publication_id}", str(int(now().timestamp()))
    signed = hmac.new(secret, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Relais",
        "webhook-id": name,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def _advance(webhook_id: int, position: int, to: int, attempt: WebhookAttempt | None = None) -> bool:
    """Moves the position, and renews the lease; False when another process or a person has moved it meanwhile."""
    with atomic() as session:
        values: dict[str, object] = {"position": to, "attempts": 0, "error": "", "next_at": now() + LEASE}
        if attempt is not None:
            values["success_at"] = now()
        moved = session.scalar(
            update(Webhook)
            .where(Webhook.id == webhook_id, Webhook.position == position, Webhook.active)
            .values(values)
            .returning(Webhook.id)
        )
        if attempt is not None and moved is not None:
            session.add(attempt)
    return moved is not None


def _failed(webhook_id: int, position: int, attempt: WebhookAttempt) -> None:
    """Puts off the next attempt, per DELAYS. After the last one, or an answer 410 (Gone), stops the webhook."""
    with atomic() as session:
        webhook = session.get(Webhook, webhook_id, with_for_update=True, populate_existing=True)
        if webhook is None or webhook.position != position or not webhook.active:
            return
        session.add(attempt)
        webhook.attempts += 1
        webhook.error = attempt.error
        if webhook.attempts <= len(DELAYS) and attempt.status != 410:
            webhook.next_at = now() + timedelta(minutes=DELAYS[webhook.attempts - 1])
            return
        webhook.active = False
        log.warning("webhook %s arrêté après %s essais", webhook_id, webhook.attempts)
        tell(
            session,
            "webhook_arrete",
            key=f"{webhook_id} {now()}",
            facts={"webhook": webhook.title, "raison": webhook.error, "numero": webhook_id},
        )


# --- Settings ----------------------------------------------------------------------------------------


def create(session: Session, form: WebhookForm, actor: User) -> Webhook:
    """Declares an address. It is told what happens from now on. Logged."""
    top = last(session)
    settled(session)  # what has a lower id is then committed: it happened before
    webhook = Webhook(salt=secrets.token_hex(16), position=top)
    with kept(session, actor, webhook, COLUMNS):
        form.fill(webhook)
        session.add(webhook)
    return webhook


def change(session: Session, webhook: Webhook, form: WebhookForm, actor: User) -> None:
    with kept(session, actor, webhook, COLUMNS):
        form.fill(webhook)


def secret_text(webhook: Webhook) -> str:
    """The signing secret as the receiver writes it. It is derived from SECRET_KEY: it is stored nowhere."""
    return f"whsec_{base64.b64encode(_secret(webhook)).decode()}"


def _secret(webhook: Webhook) -> bytes:
    return outgoing.outgoing.derived(f"webhook {webhook.id} {webhook.salt}")


def new_secret(session: Session, webhook: Webhook, actor: User) -> None:
    """The former secret signs nothing any more."""
    with kept(session, actor, webhook, COLUMNS):
        webhook.salt = secrets.token_hex(16)


def stop(session: Session, webhook: Webhook, actor: User) -> None:
    """The position stays: nothing is lost while it is stopped."""
    with kept(session, actor, webhook, COLUMNS):
        webhook.active = False


def resume(session: Session, webhook: Webhook, actor: User, since: datetime | None = None) -> None:
    """Tells again from the position, or from `since`; messages told before keep their ids."""
    with kept(session, actor, webhook, COLUMNS):
        webhook.active, webhook.attempts, webhook.error, webhook.next_at = True, 0, "", now()
        if since is not None:
            webhook.position = min(webhook.position, queries.position_at(session, since))


def remove(session: Session, webhook: Webhook, actor: User) -> None:
    with kept(session, actor, webhook, COLUMNS):
        session.delete(webhook)
