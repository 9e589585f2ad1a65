"""Daily digest for moderators with a non-empty queue: counts, late versions, oldest ones."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day, short_day
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, Organisme, Revision, RevisionState, Territoire
from workflows.notices.audiences import Told, moderators
from workflows.notices.outbox import tell

NOTICE = "releve_du_jour"
OLDEST = 5
WAITING = (RevisionState.SOUMISE, RevisionState.EN_INSTRUCTION)


def send() -> None:
    """Job. Idempotent within a day."""
    with atomic() as session:
        ids = session.scalars(select(Territoire.id).order_by(Territoire.id)).all()
    for territoire_id in ids:
        with atomic() as session:
            _tell(session, session.get_one(Territoire, territoire_id))


def _tell(session: Session, territoire: Territoire) -> None:
    here = Revision.territoire_id == territoire.id
    today = local_day(now())
    counted = select(Revision.state, func.count()).where(here, Revision.state.in_(WAITING)).group_by(Revision.state)
    counts = dict(session.execute(counted).all())
    if not counts:
        return
    late = select(func.count()).where(here, Revision.state.in_(WAITING), Revision.due_on < today)
    tell(
        session,
        NOTICE,
        key=f"{territoire.slug} {today}",
        territoire=territoire,
        to=moderators(Told(session, territoire=territoire)),
        facts={
            "a_prendre": counts.get(RevisionState.SOUMISE, 0),
            "en_cours": counts.get(RevisionState.EN_INSTRUCTION, 0),
            "en_retard": session.scalar(late) or 0,
            "plus_anciennes": _oldest(session, territoire),
        },
    )


def _oldest(session: Session, territoire: Territoire) -> Sequence[str]:
    rows = session.execute(
        select(Revision.title, Organisme.nom, Revision.due_on)
        .join(Fiche, Fiche.id == Revision.fiche_id)
        .join(Organisme, Organisme.id == Fiche.organisme_id)
        .where(Revision.territoire_id == territoire.id, Revision.state == RevisionState.SOUMISE)
        .order_by(Revision.submitted_at, Revision.id)
        .limit(OLDEST)
    )
    return [f"{row.title} ({row.nom}), à traiter avant le {short_day(row.due_on)}" for row in rows]
