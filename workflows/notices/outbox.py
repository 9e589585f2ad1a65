"""Outbox: writes notices in the transaction of the event, so both are committed or neither.

For each addressee: a waiting e-mail (`Mail`) and a line in their list (`Notification`). `workflows.notices.mail` sends
after the commit; this module only writes rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.extensions import post
from backoffice.core.passwords import new_token, token_hash
from backoffice.core.transactions import on_commit
from backoffice.models import Fiche, Link, Mail, Mute, Notification, Territoire, User

from .audiences import Addressee, Fact, Notice, Told
from .declared import NOTICES
from .letters import Letter, page_of, write

LINK_LIFE = timedelta(days=60)
"""Lifetime of the magic link in a notice, for an account without password."""
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def tell(
    session: Session,
    name: str,
    *,
    key: str,
    actor: User | None = None,
    fiche: Fiche | None = None,
    territoire: Territoire | None = None,
    to: Sequence[Addressee] = (),
    facts: Mapping[str, Fact] | None = None,
) -> list[int]:
    """Writes the notice `name` for its audience; the actor is excluded unless it is a receipt. Returns new e-mail ids.

    key: idempotency key of the event, e.g. the id of its row in the log.
    to: addressees, for a notice whose audience is `named`. facts: more values for its text.
    """
    notice = NOTICES[name]
    told = Told(session, actor, fiche, territoire or (fiche.territoire if fiche else None), to, facts or {})
    people = [one for one in notice.audience(told) if notice.receipt or actor is None or one.user_id != actor.id]
    muted = set() if notice.obligatory else _muted(session, notice, people)
    written = []
    for addressee in people:
        mark = hashlib.sha256(f"{name}\n{key}\n{addressee.email}".encode()).hexdigest()
        letter = write(notice, told, addressee, _link_path(session, notice, told, addressee))
        if addressee.user_id is not None and notice.in_list:
            _insert_once(session, Notification, _line(notice, letter, addressee, mark))
        if notice.by_mail and addressee.user_id not in muted:
            mail_id = _insert_once(session, Mail, _mail(notice, letter, addressee, mark, fiche))
            written += [] if mail_id is None else [mail_id]
    if written:
        on_commit(session, lambda: post.wake(written))
    return written


def _muted(session: Session, notice: Notice, people: Sequence[Addressee]) -> set[int]:
    ids = [one.user_id for one in people if one.user_id is not None]
    return set(session.scalars(select(Mute.user_id).where(Mute.notice == notice.name, Mute.user_id.in_(ids))))


def _link_path(session: Session, notice: Notice, told: Told, addressee: Addressee) -> str:
    """Path in the e-mail: a magic link when the addressee has no password, else the page."""
    page = page_of(notice, told)
    if not addressee.by_link or addressee.user_id is None or not page:
        return page
    link = Link(user_id=addressee.user_id, email=addressee.email, page=page, expires_at=now() + LINK_LIFE)
    return f"/lien/{give_token(session, link)}"


def give_token(session: Session, link: Link) -> str:
    """Adds the link; returns its token, of which only the hash is stored."""
    token = new_token()
    link.token_hash = token_hash(token)
    session.add(link)
    session.flush()
    return token


def _line(notice: Notice, letter: Letter, addressee: Addressee, mark: str) -> dict[str, Any]:
    return {
        "user_id": addressee.user_id,
        "key": mark,
        "notice": notice.name,
        "subject": letter.subject,
        "page": letter.page,
        "created_at": now(),
    }


def _mail(notice: Notice, letter: Letter, addressee: Addressee, mark: str, fiche: Fiche | None) -> dict[str, Any]:
    return {
        "key": mark,
        "notice": notice.name,
        "address": addressee.email,
        "user_id": addressee.user_id,
        "fiche_id": fiche.id if fiche else None,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "secret": notice.secret or addressee.by_link,
        "state": "a_envoyer",
        "attempts": 0,
        "error": "",
        "created_at": now(),
        "next_at": now(),
    }


def _insert_once(session: Session, model: type[Mail | Notification], values: dict[str, Any]) -> int | None:
    """Id of the new row; None when the key already exists, even written concurrently."""
    insert = _INSERT[session.get_bind().dialect.name]
    made: int | None = session.scalar(insert(model).values(**values).on_conflict_do_nothing().returning(model.id))
    return made
