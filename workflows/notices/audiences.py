"""Notices: their declaration, and the audiences that receive them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backoffice.core.permissions import Permission
from backoffice.models import Assignment, Fiche, Membership, Territoire, User
from backoffice.models.accounts.account import moderates

Fact = str | int | bool | None | Sequence[str] | Sequence[Mapping[str, str | int]]


@dataclass(frozen=True)
class Addressee:
    """user_id: None without an account. by_link: the account has no password, so e-mails carry a magic link."""

    email: str
    name: str = ""
    user_id: int | None = None
    by_link: bool = False


@dataclass(frozen=True)
class Told:
    """The event: input of audiences and texts."""

    session: Session
    actor: User | None = None
    fiche: Fiche | None = None
    territoire: Territoire | None = None
    to: Sequence[Addressee] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)


Audience = Callable[[Told], Sequence[Addressee]]


@dataclass(frozen=True)
class Notice:
    """One kind of event.

    label: shown on the page where a person chooses their e-mails
    when: the triggering event, for developers
    subject: Jinja text; page: path of the page to open, with {fiche}, {territoire} or a fact; may be empty
    concerns: people with this permission may receive it and may mute it
    obligatory: cannot be muted: the person must act, or a right is at stake
    by_mail: False: only in the list inside Relais; in_list: False: only by e-mail
    secret: its text holds a personal link and is erased once sent
    receipt: the actor receives it too, when in the audience
    """

    name: str
    label: str
    when: str
    audience: Audience
    subject: str
    page: str = ""
    concerns: Permission = Permission.WRITE_FICHE
    obligatory: bool = False
    by_mail: bool = True
    in_list: bool = True
    secret: bool = False
    receipt: bool = False


def structure(told: Told) -> Sequence[Addressee]:
    """Active members of the fiche's structure."""
    assert told.fiche is not None
    return _people(
        told, select(User).join(Membership).where(Membership.organisme_id == told.fiche.organisme_id, User.active)
    )


def structure_or_contact(told: Told) -> Sequence[Addressee]:
    """Active members of the structure; when it has none, the address it gave."""
    assert told.fiche is not None
    if people := structure(told):
        return people
    said = told.fiche.organisme.said
    email = said.courriel or said.contact.courriel
    return [Addressee(email, told.fiche.organisme.nom)] if email else []


def moderators(told: Told) -> Sequence[Addressee]:
    """Moderators of the event's territoire, else of the fiche's, and of the territoire that collects for it."""
    territoire_id = told.territoire.id if told.territoire else told.fiche.territoire_id if told.fiche else None
    return _people(
        told,
        select(User).join(Assignment).where(moderates([territoire_id]), User.active),
    )


def administrators(told: Told) -> Sequence[Addressee]:
    return _people(told, select(User).where(User.administrator, User.active))


def named(told: Told) -> Sequence[Addressee]:
    """The addressees given by the caller."""
    return told.to


def _people(told: Told, query: Select[tuple[User]]) -> Sequence[Addressee]:
    columns = query.with_only_columns(User.id, User.email, User.name, User.password_hash)
    rows = told.session.execute(columns.distinct().order_by(User.id))
    return [Addressee(row.email, row.name, row.id, not row.password_hash) for row in rows]
