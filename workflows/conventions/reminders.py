"""Reminders to structures about the obligations of their grants.

A funder chooses a filter, checks the list and the text, and sends: `ask` writes one row per convention. A job,
`send`, takes the rows one by one, each in its own transaction, and checks again: a convention that lacks nothing any
more, or that was reminded within the week, is skipped. E-mails go through the outbox; each reminder is logged in the
history of the obligations it names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import long_day, short_day
from backoffice.core.transactions import atomic
from backoffice.models import (
    ContactState,
    Convention,
    Membership,
    Obligation,
    ObligationKind,
    Reminder,
    ReminderState,
    User,
)
from backoffice.models.conventions.obligation import WAITED
from backoffice.models.transition_names import ObligationTransition
from backoffice.queries.conventions.board import last_reminders
from backoffice.queries.conventions.board_filters import WHAT, is_so
from backoffice.reference.programmes import obligations as rules
from workflows.case import Refused
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import tell
from workflows.work.jobs import enqueue

from . import pne_contacts
from .obligations import apply, lock

PAUSE = timedelta(days=7)
"""Minimum delay between two reminders of one convention, unless `forced`."""
MOST = 300
"""Maximum number of conventions in one sending: what a person can check."""


def ask(
    session: Session,
    actor: User,
    conventions: Sequence[Convention],
    what: str,
    *,
    key: str,
    message: str = "",
    forced: bool = False,
) -> int:
    """Writes the reminders of these conventions; returns how many are new. Enqueues `send`.

    key: idempotency key; one key reminds a convention once. The caller has checked the actor's scope.
    """
    ids = [convention.id for convention in conventions]
    known = set(
        session.scalars(select(Reminder.convention_id).where(Reminder.key == key, Reminder.convention_id.in_(ids)))
    )
    fresh = [id_ for id_ in ids if id_ not in known]
    session.add_all(
        Reminder(convention_id=id_, key=key, what=what, message=message, forced=forced, asked_by_id=actor.id)
        for id_ in fresh
    )
    session.flush()
    if fresh:
        enqueue(session, "workflows.conventions.reminders.send")
    return len(fresh)


def send() -> None:
    """Job, also scheduled: handles the waiting reminders in the order they were requested."""
    waiting = select(Reminder.id).where(Reminder.state == ReminderState.A_ENVOYER).order_by(Reminder.id)
    with atomic() as session:
        ids = session.scalars(waiting).all()
    for id_ in ids:
        try:
            with atomic() as session:
                _settle(session, id_, _remind)
        except Refused:  # the requester no longer has the right: nothing was sent
            with atomic() as session:
                _settle(session, id_, lambda *_: ReminderState.INUTILE)


def _settle(session: Session, reminder_id: int, become: Callable[[Session, Reminder], ReminderState]) -> None:
    """Sets the state of a waiting reminder, under the lock of its convention: a second process finds it settled."""
    reminder = session.get_one(Reminder, reminder_id)
    lock(session, reminder.convention_id)
    session.refresh(reminder)
    if reminder.state is ReminderState.A_ENVOYER:
        reminder.state, reminder.done_at = become(session, reminder), now()


def _remind(session: Session, reminder: Reminder) -> ReminderState:
    convention = reminder.convention
    if not is_so(session, convention, reminder.what):
        return ReminderState.INUTILE
    before = last_reminders(session, [convention.id]).get(convention.id)
    if before and before > now() - PAUSE and not reminder.forced:
        return ReminderState.TROP_TOT
    concerned = spoken_of(convention, reminder.what)
    by_link = _asks_for_confirmation(convention, concerned)
    people = addressees(session, convention)
    if not people:
        return ReminderState.SANS_ADRESSE
    if by_link:
        pne_contacts.ask(session, reminder.asked_by, convention.id)
    tell(
        session,
        "relance_subvention",
        key=str(reminder.id),
        to=people,
        facts={
            "convention": convention.id,
            "reference": convention.reference,
            "programme": convention.programme,
            "annee": convention.annee,
            "structure": convention.structure_name,
            "restes": todo(concerned),
            "mots": reminder.message.split("\n") if reminder.message else [],
            "financeur": reminder.asked_by.name,
        },
    )
    for row in concerned:
        apply(
            session,
            ObligationTransition.RELANCER,
            obligation_id=row.id,
            actor=reminder.asked_by,
            comment=reminder.message,
        )
    return ReminderState.ENVOYEE


def spoken_of(convention: Convention, what: str) -> list[Obligation]:
    """The obligations of a reminder: that of its filter, else all that are awaited."""
    kind = WHAT[what].kind
    if kind is not None:
        return [convention.obligation(kind)]
    return [row for row in convention.obligations if row.state in WAITED]


def todo(concerned: Sequence[Obligation]) -> list[str]:
    """One line per obligation: «publier la fiche de l’action…, avant le mercredi 30 septembre 2026»."""
    return [f"{rules()[row.kind].todo}{_until(row)}" for row in concerned]


def _until(row: Obligation) -> str:
    if row.due_on is None:
        return ""
    return f" (c’était attendu pour le {short_day(row.due_on)})" if row.late else f", avant le {long_day(row.due_on)}"


def _asks_for_confirmation(convention: Convention, concerned: Sequence[Obligation]) -> bool:
    """Whether to send the survey address its magic link again, so that one click confirms it."""
    about_survey = any(row.kind is ObligationKind.PNE for row in concerned)
    usable = convention.contact_state not in (ContactState.ABSENTE, ContactState.EN_ERREUR, ContactState.CONFIRMEE)
    return about_survey and usable


def reachable(session: Session, conventions: Sequence[Convention]) -> set[int]:
    """Ids of the conventions that have an addressee, in one query."""
    ids = {convention.organisme_id for convention in conventions if convention.organisme_id is not None}
    query = select(Membership.organisme_id).join(User).where(Membership.organisme_id.in_(ids), User.active).distinct()
    known = set(session.scalars(query))
    return {one.id for one in conventions if one.organisme_id in known or _usable(one)}


def _usable(convention: Convention) -> bool:
    return bool(convention.contact_pne) and convention.contact_bounced_at is None


def addressees(session: Session, convention: Convention) -> list[Addressee]:
    """Active members of the structure; when it has none, the survey address."""
    query = (
        select(User.id, User.email, User.name, User.password_hash)
        .join(Membership)
        .where(Membership.organisme_id == convention.organisme_id, User.active)
        .order_by(User.id)
    )
    found = [Addressee(row.email, row.name, row.id, not row.password_hash) for row in session.execute(query)]
    return found or ([Addressee(convention.contact_pne)] if _usable(convention) else [])
