"""Saves a posted step of a fiche's open draft, for the structure or for a moderator who corrects a copy.

It flushes and never commits.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from backoffice.models import Fiche, Revision, RevisionState, User
from backoffice.queries.registers.certifications import certifications
from backoffice.queries.territoires.communes import communes_of
from forms.kit.orders import ADD, follow
from forms.kit.posted import PostedStep
from forms.kit.questions import Step
from forms.kit.rows import Posted, add_row
from forms.kit.saving import Saved, open_form, save, stamp
from forms.kit.step_diff import Difference, differences
from workflows.case import Refused
from workflows.conventions.operations import keep_ties
from workflows.moderation import remarks

from .engine import lock
from .operations import note_help, save_draft


@dataclass(frozen=True)
class SavedStep:
    """Result of a posted page.

    saved: the form with its errors and the new content; answers: the page after its order; spot: path to focus, ""
    for the top of the page; before: the stamp of the stored step before saving.
    """

    step: Step
    saved: Saved
    answers: Posted
    spot: str
    before: str

    def gaps(self, stored: Revision) -> list[Difference]:
        """Differences between what was typed and what is stored."""
        there = open_form(self.step, stored.content, stored.pending, communes_of)
        return differences(there, self.saved.form)


class StaleStep(Exception):
    """Optimistic-lock conflict: the step changed since the page was loaded; nothing is written."""

    def __init__(self, page: SavedStep):
        super().__init__()
        self.page = page


class ClosedStep(Refused):
    """This person can no longer write the draft; nothing is written. page: what was typed."""

    def __init__(self, refused: Refused, page: SavedStep):
        super().__init__(refused.message, refused.findings)
        self.page = page


def writable(fiche: Fiche, *, correcting: bool) -> bool:
    """Whether the latest revision is an open draft of this kind.

    The structure cannot write a moderator's copy, nor a moderator the structure's draft.
    """
    return fiche.latest.state is RevisionState.BROUILLON and fiche.latest.being_corrected == correcting


def save_step(
    session: Session, fiche_id: int, step: Step, posted: PostedStep, actor: User, *, correcting: bool = False
) -> SavedStep:
    """Saves a posted page into the draft, with the structure's replies to remarks and its ties to grants.

    correcting: the draft is a moderator's copy; replies and ties are ignored.
    Idempotent for the same page. Raises StaleStep or ClosedStep.
    """
    fiche = lock(session, fiche_id)  # held until the end: let go, the session would forget it and load it again
    revision = fiche.latest
    page = _apply(revision, step, posted)
    saved, stale = page.saved, posted.stamp != page.before
    try:
        if revision.state is RevisionState.BROUILLON and not writable(fiche, correcting=correcting):
            raise Refused("Un modérateur corrige cette fiche en ce moment : attendez sa réponse pour la modifier.")
        if stale and (saved.homeless or stamp(step, saved.content, saved.pending) != page.before):
            raise StaleStep(page)
        if not stale:  # else the same page was sent twice and is already stored
            save_draft(session, revision, saved.content, saved.pending, actor)
        if not correcting:
            remarks.reply(session, fiche, posted.replies, actor)
            keep_ties(session, actor, fiche, posted.ties)
            note_help(session, revision, actor)
    except Refused as refused:
        raise ClosedStep(refused, page) from refused
    return page


def _apply(revision: Revision, step: Step, posted: PostedStep) -> SavedStep:
    """Applies the page and its order to a copy of the stored content. Stores nothing."""
    content = revision.content
    before = stamp(step, content, revision.pending)
    usual = revision.fiche.organisme.places if posted.place else []
    answers, spot = follow(step, content, posted.answers, posted.order, certifications, usual, posted.place)
    saved = save(step, content, revision.pending, answers, communes_of)
    what, _, path = posted.order.partition(":")
    return SavedStep(step, saved, answers, add_row(saved, step, path) if what == ADD else spot, before)
