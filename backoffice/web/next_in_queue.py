"""«Prendre la suivante»: after each decision, the moderator gets the next fiche of the queue.

The session stores the revision taken and the filters. Opening the queue or releasing the fiche ends the series.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import flash, session, url_for
from flask_login import current_user

from backoffice.core.transactions import atomic
from backoffice.models import RevisionState
from backoffice.queries.moderation.queue import Wanted, wanted
from backoffice.queries.moderation.queue_filters import options_of
from workflows.fiches.transitions import Subject, TransitionRow
from workflows.moderation.taking import take_next

KEY = "suite"
DECIDED = (RevisionState.VALIDEE, RevisionState.A_CORRIGER, RevisionState.REFUSEE)


def take(want: Wanted) -> str:
    """Takes the next fiche; returns the address to redirect to."""
    with atomic() as base:
        revision = take_next(base, current_user, want)
        taken = revision.id if revision else None
    if taken is None:
        end()
        flash("Il n’y a plus de fiche à prendre dans cette vue.", "success")
        return url_for("queue.queue")
    session[KEY] = {"revision": taken, "query": want.query()}
    return url_for("moderation.version", revision_id=taken)


def end() -> None:
    session.pop(KEY, None)


def follow(revision_id: int, copy_id: int) -> None:
    """Continues the series with the moderator's copy of the revision taken."""
    series = session.get(KEY)
    if series and series["revision"] == revision_id:
        session[KEY] = {**series, "revision": copy_id}


def onward(transition: TransitionRow, revision_id: int) -> str:
    """Address to redirect to after a transition on this revision."""
    if Subject.FICHE in transition.kinds or transition.target is RevisionState.EN_INSTRUCTION:
        return url_for("moderation.version", revision_id=revision_id)
    series = session.get(KEY)
    if transition.target in DECIDED and series and series["revision"] == revision_id:
        with atomic() as base:
            options = options_of(base, current_user)
        return take(wanted(dict(parse_qsl(series["query"])), options))
    end()
    return url_for("queue.queue")
