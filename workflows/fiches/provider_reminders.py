"""Morning reminders to structures: one table of who is concerned, and since when.

Each reminder is sent once per key. The key names the subject and the date it depends on, so a draft that is edited,
then left again, gets a new reminder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from backoffice.core.clock import now
from backoffice.core.dates import local_day, long_day
from backoffice.core.transactions import atomic
from backoffice.models import (
    EntryCount,
    Fiche,
    FicheState,
    Revision,
    RevisionState,
    SessionUpdate,
    Territoire,
)
from backoffice.models.content import Contenu
from backoffice.queries.moderation import campaigns
from workflows.notices.audiences import Fact
from workflows.notices.outbox import tell

from .publication import current_content, last_day

WARNED = timedelta(days=15)
"""Minimum time between the notice that the last session is over and archiving (see `closing`)."""
BATCH = 200


@dataclass(frozen=True)
class Due:
    """One reminder to send: once for this fiche and key."""

    fiche_id: int
    key: str
    facts: dict[str, Fact]


@dataclass(frozen=True)
class Reminder:
    """notice: name of the notice, see `workflows.notices`. due: (session, today) -> the reminders to send."""

    notice: str
    due: Callable[[Session, date], Iterator[Due]]


def sleeping_drafts(session: Session, today: date) -> Iterator[Due]:
    """Drafts not edited for the delays of their territoire; only the longest delay reached."""
    oldest = now() - timedelta(days=session.scalar(select(func.min(Territoire.rappel_brouillon))) or 0)
    rows = session.execute(
        select(
            Revision.id,
            Revision.fiche_id,
            Revision.saved_at,
            Territoire.rappel_brouillon,
            Territoire.dernier_rappel_brouillon,
        )
        .join(Fiche, Fiche.id == Revision.fiche_id)
        .join(Territoire, Territoire.id == Fiche.territoire_id)
        .where(
            Revision.state == RevisionState.BROUILLON,
            Revision.saved_at <= oldest,
            Fiche.state != FicheState.ARCHIVEE,
        )
        .order_by(Revision.id)
    ).all()
    for row in rows:
        slept = (now() - row.saved_at).days
        days = max((number for number in row[3:] if number <= slept), default=None)
        if days is None:
            continue
        yield Due(row.fiche_id, f"{row.id} {days} {row.saved_at:%Y%m%d%H%M}", {"jours": days})


def silent_sessions(session: Session, today: date) -> Iterator[Due]:
    """Published sessions that begin soon and whose places were not updated lately."""
    for fiche_id, revision_id, content, territoire in published(session):
        soon, spoken = timedelta(days=territoire.rappel_places), None
        for action in content.actions:
            for row in action.sessions:
                if row.debut is None or not today < row.debut <= today + soon:
                    continue
                spoken = spoken if spoken is not None else _spoken(session, fiche_id, revision_id, territoire)
                if (action.id, row.id) not in spoken:
                    yield Due(fiche_id, f"{fiche_id} {action.id} {row.id} {row.debut}", {"debut": long_day(row.debut)})


def ended_fiches(session: Session, today: date) -> Iterator[Due]:
    for fiche_id, _, content, territoire in published(session):
        if (day := last_day(content, today)) is not None:
            yield Due(
                fiche_id,
                f"{fiche_id} {day}",
                {"fin": long_day(day), "archivage": long_day(max(day + kept(territoire), today + WARNED))},
            )


def unanswered_invitations(session: Session, today: date) -> Iterator[Due]:
    """Structures invited to a campaign that ends soon, with a fiche not submitted yet."""
    for campaign in campaigns.under_way(session, today):
        left = (campaign.deadline - today).days
        if left > max(campaigns.BEFORE_THE_END):
            continue
        days = min(number for number in campaigns.BEFORE_THE_END if left <= number)
        for organisme_id, fiche_ids in campaigns.unsent(session, campaign).items():
            facts: dict[str, Fact] = {
                "campagne": campaign.label,
                "echeance": long_day(campaign.deadline),
                "jours": left,
                "restantes": len(fiche_ids),
                "organisme": organisme_id,
            }
            yield Due(fiche_ids[0], f"{campaign.id} {organisme_id} {campaign.deadline} {days}", facts)


REMINDERS = (
    Reminder("brouillon_endormi", sleeping_drafts),
    Reminder("places_a_dire", silent_sessions),
    Reminder("fiche_terminee", ended_fiches),
    Reminder("campagne_rappel", unanswered_invitations),
)


def send() -> None:
    """Job, each morning. Idempotent within a day."""
    today = local_day(now())
    for reminder in REMINDERS:
        with atomic() as session:
            due = list(reminder.due(session, today))
        for one in due:
            with atomic() as session:
                fiche = session.get_one(Fiche, one.fiche_id)
                tell(session, reminder.notice, key=one.key, fiche=fiche, facts=one.facts)


def kept(territoire: Territoire) -> timedelta:
    """How long a fiche stays online after its last session."""
    return timedelta(days=territoire.delai_archivage)


def published(session: Session) -> Iterator[tuple[int, int, Contenu, Territoire]]:
    """Yields (fiche id, approved revision id, published content, territoire), read by keyset pages of BATCH rows.

    Expunges the session after each page.
    """
    after = 0
    while True:
        rows: Sequence[tuple[Fiche, Revision]] = session.execute(
            select(Fiche, Revision)
            .join(Revision, Revision.id == Fiche.published_revision_id)
            .options(joinedload(Fiche.territoire))
            .where(Fiche.state == FicheState.PUBLIEE, Fiche.id > after)
            .order_by(Fiche.id)
            .limit(BATCH)
        ).all()
        for fiche, revision in rows:
            yield fiche.id, revision.id, current_content(session, revision), fiche.territoire
        if len(rows) < BATCH:
            return
        after = rows[-1][0].id
        session.expunge_all()


def _spoken(session: Session, fiche_id: int, revision_id: int, territoire: Territoire) -> set[tuple[str, str]]:
    """(action, session) ids updated within `silence_places` days: by the fast lane, or by the approval itself."""
    since = now() - timedelta(days=territoire.silence_places)
    said: set[tuple[str, str]] = set()
    of_sessions = ((SessionUpdate, SessionUpdate.revision_id, revision_id), (EntryCount, EntryCount.fiche_id, fiche_id))
    for table, owner, id_ in of_sessions:
        query = select(table.action, table.session).where(owner == id_, table.at >= since).distinct()
        said |= {(row.action, row.session) for row in session.execute(query)}
    approved = session.scalar(select(func.max(Revision.decided_at)).where(Revision.id == revision_id))
    if approved is not None and approved >= since:
        content = session.get_one(Revision, revision_id).content
        said |= {(action.id, row.id) for action in content.actions for row in action.sessions}
    return said
