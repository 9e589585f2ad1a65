"""Nature and due date of a submitted version, for the moderation queue.

The delay runs while the version waits for the territoire, and stops while the structure corrects. A version that comes
back after a correction only has the remaining days: the working days that the earlier versions of the same exchange
spent in the queue are subtracted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import takewhile

from backoffice.core.dates import local_day
from backoffice.models import Nature, Revision, RevisionState, Territoire
from backoffice.models.content import Contenu
from backoffice.reference.public_holidays import after_working_days, working_days_between

ABOUT_A_YEAR = timedelta(weeks=50)


def nature_of(content: Contenu, approved: Contenu | None) -> Nature:
    """PREMIERE without an approved version; RENOUVELLEMENT when all dates come after those of the approved one; else
    MODIFICATION.

    Sessions kept beside the new ones are ignored when the first new one starts about a year (50 weeks) or more after
    the first approved one: one more term in the same year is a modification.
    """
    if approved is None:
        return Nature.PREMIERE
    known = {(action.id, session.id) for action in approved.actions for session in action.sessions}
    rows = [(action.id, session) for action in content.actions for session in action.sessions]
    new = [session for group, session in rows if (group, session.id) not in known]
    starts = _known([session.debut for _, session in rows])
    new_starts = _known([session.debut for session in new])
    old = [session for action in approved.actions for session in action.sessions]
    old_starts, ends = _known([row.debut for row in old]), _known([row.fin or row.debut for row in old])
    if not ends:
        return Nature.MODIFICATION
    after = bool(starts) and min(starts) > max(ends)
    beside = new_starts and old_starts and min(new_starts) > max(ends)
    beside = beside and min(new_starts) - min(old_starts) >= ABOUT_A_YEAR
    return Nature.RENOUVELLEMENT if after or beside else Nature.MODIFICATION


def _known(days: Sequence[date | None]) -> list[date]:
    """The days; an empty list when one of them is unknown."""
    return [day for day in days if day is not None] if None not in days else []


def due_on(territoire: Territoire, at: datetime, earlier: Sequence[Revision]) -> date:
    """Last day to answer a version submitted at `at`: at least one working day later.

    earlier: the earlier versions of the fiche, in order.
    """
    exchange = takewhile(lambda revision: revision.state is RevisionState.A_CORRIGER, reversed(earlier))
    spent = sum(_spent(territoire, revision) for revision in exchange)
    return after_working_days(local_day(at), max(territoire.delai_instruction - spent, 1), territoire.working_region)


def _spent(territoire: Territoire, revision: Revision) -> int:
    assert revision.submitted_at is not None
    assert revision.decided_at is not None
    return working_days_between(
        local_day(revision.submitted_at), local_day(revision.decided_at), territoire.working_region
    )
