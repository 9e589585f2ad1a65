"""Renewing a fiche for the year that comes, and making another one like it.

A renewal is a new version of the same fiche: its numero stays, readers keep what was approved until the new
version is. What a version already on its way holds is never written over.
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
"""Fiches renewed at once."""
SOON = timedelta(days=180)


@dataclass(frozen=True)
class Candidate:
    """A fiche that was published. content: as its readers see it, or saw it; obstacle: why it cannot be renewed now,
    or ""."""

    fiche: Fiche
    content: Contenu
    obstacle: str

    @property
    def last_day(self) -> date | None:
        """Of all its sessions, as far as they are known."""
        days = [row.fin or row.debut for action in self.content.actions for row in action.sessions]
        return max((day for day in days if day is not None), default=None)

    @property
    def due(self) -> bool:
        """Its sessions are over, or will soon be."""
        return not self.obstacle and (self.last_day is None or self.last_day <= _today() + SOON)

    def asked_by(self, campaigns: Iterable[Campaign]) -> Campaign | None:
        """The first of these campaigns that asks for such a fiche, and that no version of it has answered."""
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
    """What the page showed of the dates is no longer so."""


def candidates(session: Session, fiches: Sequence[Fiche]) -> list[Candidate]:
    """Those of these fiches that were published one day, each with what stands in the way. One query."""
    published = [fiche for fiche in fiches if fiche.published_revision is not None]
    revisions = [fiche.published_revision for fiche in published if fiche.published_revision is not None]
    contents = effective_contents(session, revisions)
    return [_candidate(fiche, contents[fiche.published_revision_id or 0]) for fiche in published]


def _candidate(fiche: Fiche, content: Contenu) -> Candidate:
    return Candidate(fiche, content, _obstacle(fiche, last_day(content, _today()) is not None))


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
    """Changes with anything that the renewal would write, local ids apart from what they name."""
    return fingerprint(dump(plan.content))[:20]


def renew(session: Session, fiche_id: int, kept: Iterable[str], actor: User, seen: str = "") -> Revision:
    """Opens the renewed draft. Raises Refused; nothing of the fiche has changed then.

    seen: the stamp of the dates that the person was shown, "" when they were shown none.
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
    """Those of these fiches whose latest version was begun by renewing them."""
    latest = [fiche.latest.id for fiche in fiches]
    rows = select(TransitionLog.fiche_id).where(
        TransitionLog.revision_id.in_(latest), TransitionLog.transition == FicheTransition.RECONDUIRE
    )
    return set(session.scalars(rows))


def duplicate(session: Session, fiche: Fiche, actor: User, key: str) -> Fiche:
    """Another fiche like this one, with its first draft; the same `key` twice makes one."""
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
