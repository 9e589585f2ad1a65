"""Telling people, in the transaction of what happened: all is written with it, or nothing is.

For each addressee: an e-mail that waits (models.notices.Mail) and a line in their list. Sending comes
after the commit, by `mail`; this module only writes rows.
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
"""Of a link to a fiche, for somebody who has no password."""
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
    """Writes what `name` says to its audience, the actor only for a receipt. Returns the ids of the new e-mails.

    key: what makes this event one and the same, e.g. the id of its row in the log; told twice, it is written once.
    to: for a notice whose audience is `named`. facts: more values for its text.
    """
    notice = NOTICES[name]
    told = Told(session, actor, fiche, territoire or (fiche.territoire if fiche else None), to, facts or {})
    people = [one for one in notice.audience(told) if notice.receipt or actor is None or one.user_id != actor.id]
    muted = set() if notice.obligatory else _muted(session, notice, people)
    written = []
    for addressee in people:
        mark = hashlib.sha256(f"{name}\n{key}\n{addressee.email}".encode()).hexdigest()
        letter = write(notice, told, addressee, _way_in(session, notice, told, addressee))
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


def _way_in(session: Session, notice: Notice, told: Told, addressee: Addressee) -> str:
    """For somebody without password, the path of a link that opens the page for them."""
    page = page_of(notice, told)
    if not addressee.by_link or addressee.user_id is None or not page:
        return page
    link = Link(user_id=addressee.user_id, email=addressee.email, page=page, expires_at=now() + LINK_LIFE)
    return f"/lien/{give_token(session, link)}"


def give_token(session: Session, link: Link) -> str:
    """Adds the link; gives its token, which the base does not keep."""
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
    """The new row's id; None when the base already has it, even written meanwhile by another process."""
    insert = _INSERT[session.get_bind().dialect.name]
    made: int | None = session.scalar(insert(model).values(**values).on_conflict_do_nothing().returning(model.id))
    return made
