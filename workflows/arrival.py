"""What the queue must know of a version as it is sent: what it is, and when an answer is due.

The clock of a fiche runs while it waits for the territoire, and stands still while its structure
corrects. So a version that comes back after a correction has only the days that are left: those that
the earlier versions of the same exchange spent in the queue are taken off.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import takewhile

from backoffice.models import Nature, Revision, RevisionState, Territoire
from backoffice.models.content import Contenu
from backoffice.models.dates import local_day
from backoffice.models.working_days import after_working_days, working_days_between


def nature_of(content: Contenu, approved: Contenu | None) -> Nature:
    """A renewal is a version whose dates all come after those of the version approved last."""
    if approved is None:
        return Nature.PREMIERE
    starts = [session.debut for action in content.actions for session in action.sessions]
    ends = [session.fin or session.debut for action in approved.actions for session in action.sessions]
    first = _known(starts)
    last = _known(ends)
    renewed = first and last and min(first) > max(last)
    return Nature.RENOUVELLEMENT if renewed else Nature.MODIFICATION


def _known(days: Sequence[date | None]) -> list[date]:
    """The days, or nothing when one of them is not known."""
    return [day for day in days if day is not None] if None not in days else []


def due_on(territoire: Territoire, at: datetime, earlier: Sequence[Revision]) -> date:
    """The day by whose end a version sent at `at` should be answered; at least one working day later.

    earlier: the versions of the fiche before it, in order.
    """
    exchange = takewhile(lambda revision: revision.state is RevisionState.A_CORRIGER, reversed(earlier))
    spent = sum(_spent(territoire, revision) for revision in exchange)
    return after_working_days(local_day(at), max(territoire.delai_instruction - spent, 1), territoire.region)


def _spent(territoire: Territoire, revision: Revision) -> int:
    assert revision.submitted_at is not None
    assert revision.decided_at is not None
    return working_days_between(local_day(revision.submitted_at), local_day(revision.decided_at), territoire.region)
