"""Renewing a fiche for the coming year, and duplicating one.

A renewal is a new version of the same fiche: the numero stays, and the approved version stays published until the new
one is approved. An open version is never overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.permissions import Permission
from backoffice.models import Campaign, Fiche, FicheState, Revision, RevisionState, TransitionLog, User
from backoffice.models.content import Contenu, dump, fingerprint
from backoffice.models.fiches.states import OPEN_STATES
from backoffice.models.transition_names import FicheTransition
from backoffice.queries.moderation.campaigns import answered_by
from forms.fiches import renewals
from workflows.case import Case, Refused

from . import operations
from .engine import apply, authorised, lock, record
from .publication import effective_content, effective_contents, last_day

MOST = 100
"""Maximum number of fiches renewed at once."""
SOON = timedelta(days=180)
KNOWN = "Ses dates de l’an prochain sont déjà dans la fiche : il n’y a rien à reconduire."


@dataclass(frozen=True)
class Candidate:
    """A fiche that was published. content: as last published; obstacle: why it cannot be renewed now, or ""."""

    fiche: Fiche
    content: Contenu
    obstacle: str

    @property
    def last_day(self) -> date | None:
        """Last known day of all its sessions; None when it is endless."""
        days = [row.fin or row.debut for action in self.content.actions for row in action.sessions]
        return None if self.endless else max((day for day in days if day is not None), default=None)

    @property
    def endless(self) -> bool:
        """Whether a session has no end."""
        return any(renewals.permanent(row) for action in self.content.actions for row in action.sessions)

    @property
    def due(self) -> bool:
        """Whether it can be renewed and its sessions are over or end within SOON."""
        over = self.last_day is None or self.last_day <= _today() + SOON
        return not self.obstacle and not self.endless and over

    def asked_by(self, campaigns: Iterable[Campaign]) -> Campaign | None:
        """The first of these campaigns that includes this fiche and that none of its revisions has answered."""
        fiche, answered = self.fiche, {revision.campaign_id for revision in self.fiche.revisions}
        asking = (
            campaign
            for campaign in campaigns
            if fiche.territoire_id in campaign.territoire_ids
            and fiche.dispositif in campaign.chosen
            and campaign.id not in answered
        )
        return next(asking, None)

    def renewed(self, kept: Iterable[str]) -> renewals.Renewal:
        return renewals.renew(self.content, kept, _today())


class Stale(Refused):
    """Optimistic-lock conflict: the dates shown on the page have changed; nothing is written."""


def candidates(session: Session, fiches: Sequence[Fiche]) -> list[Candidate]:
    """The fiches among these that were published at least once, each with its obstacle. One query for the contents."""
    published = [fiche for fiche in fiches if fiche.published_revision is not None]
    revisions = [fiche.published_revision for fiche in published if fiche.published_revision is not None]
    contents = effective_contents(session, revisions)
    return [_candidate(fiche, contents[fiche.published_revision_id or 0]) for fiche in published]


def _candidate(fiche: Fiche, content: Contenu) -> Candidate:
    obstacle = _obstacle(fiche, last_day(content, _today()) is not None)
    return Candidate(fiche, content, obstacle or (KNOWN if _is_renewed(content) else ""))


def _is_renewed(content: Contenu) -> bool:
    """Whether the content has next year's sessions already."""
    today = _today()
    coming = any(row.debut and row.debut > today for action in content.actions for row in action.sessions)
    return coming and renewals.renew(content, renewals.PROPOSED, today).empty


def _obstacle(fiche: Fiche, over: bool) -> str:
    if fiche.merged_into_id is not None:
        return "Cette fiche a été réunie avec une autre : c’est l’autre qu’il faut reconduire."
    if fiche.latest.state in OPEN_STATES:
        return "Une nouvelle version de cette fiche est déjà en cours : rien n’a été remplacé."
    if fiche.state is FicheState.SUSPENDUE:
        return "La publication de cette fiche est suspendue : modifiez-la pour répondre au modérateur."
    if fiche.state is FicheState.ARCHIVEE and not over:
        return "Cette fiche a été archivée avant la fin de ses sessions : reprenez-la pour la modifier."
    return ""


def stamp(plan: renewals.Renewal) -> str:
    """Optimistic-lock stamp of what the renewal would write."""
    return fingerprint(dump(plan.content))[:20]


def renew(session: Session, fiche_id: int, kept: Iterable[str], actor: User, seen: str = "") -> Revision:
    """Opens the renewed draft. Raises Refused, with nothing changed, or Stale.

    seen: the stamp of the dates shown to the person, "" when none were shown.
    """
    fiche = lock(session, fiche_id)
    if not authorised(actor, Permission.WRITE_FICHE, fiche):
        raise Refused("Vous ne pouvez pas reconduire cette fiche.")
    if fiche.published_revision_id is None:
        raise Refused("Cette fiche n’a jamais été publiée : il n’y a rien à reconduire.")
    found = _candidate(fiche, effective_content(session, session.get_one(Revision, fiche.published_revision_id)))
    if found.obstacle:
        raise Refused(found.obstacle)
    plan = found.renewed(kept)
    if seen and seen != stamp(plan):
        raise Stale("Cette fiche ou ses dates ont changé entre-temps. Relisez-les, puis confirmez de nouveau.")
    if fiche.state is FicheState.ARCHIVEE:
        apply(session, FicheTransition.DESARCHIVER, fiche_id=fiche_id, revision_id=fiche.latest.id, actor=actor)
        draft = lock(session, fiche_id).latest
    else:
        draft = operations.open_draft(session, fiche_id, actor)
    operations.save_draft(session, draft, plan.content, {}, actor)
    campaign = answered_by(session, fiche, _today())
    draft.campaign_id = campaign.id if campaign else None
    record(
        Case(session, fiche, draft, actor), FicheTransition.RECONDUIRE, RevisionState.BROUILLON, RevisionState.BROUILLON
    )
    return draft


def renewed_drafts(session: Session, fiches: Sequence[Fiche]) -> set[int]:
    """Ids of these fiches whose latest revision was opened by a renewal."""
    latest = [fiche.latest.id for fiche in fiches]
    rows = select(TransitionLog.fiche_id).where(
        TransitionLog.revision_id.in_(latest), TransitionLog.transition == FicheTransition.RECONDUIRE
    )
    return set(session.scalars(rows))


def duplicate(session: Session, fiche: Fiche, actor: User, key: str) -> Fiche:
    """Copies a fiche into a new one with its first draft. Idempotent for the same `key`."""
    known = session.scalar(select(Fiche.id).where(Fiche.creation_key == key))
    made = operations.create_fiche(session, fiche.organisme, fiche.dispositif, actor, key)
    if made.id == known:
        return made
    latest = fiche.latest
    approved = latest.state is RevisionState.VALIDEE
    content = effective_content(session, latest) if approved else latest.content
    operations.save_draft(session, made.latest, renewals.duplicate(content), {}, actor)
    comment = f"À partir de la fiche n° {fiche.numero}" if fiche.numero else "À partir d’un brouillon"
    case = Case(session, made, made.latest, actor, comment)
    record(case, FicheTransition.DUPLIQUER, RevisionState.BROUILLON, RevisionState.BROUILLON)
    return made


def _today() -> date:
    return local_day(now())
