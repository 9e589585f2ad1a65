"""A renewal campaign in progress in Normandie: structures were invited, some have started or submitted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.clock import clock_at
from backoffice.core.dates import local_day
from backoffice.core.permissions import Role
from backoffice.models import Campaign, Fiche, FicheState, User
from backoffice.models.transition_names import FicheTransition
from backoffice.queries.moderation.campaigns import concerned, concerned_structures
from backoffice.reference.demonstration import Account
from forms.fiches.renewals import PROPOSED, UNFINISHED
from workflows.fiches.engine import apply
from workflows.fiches.renewals import candidates, renew
from workflows.moderation.campaigns import invite

TERRITOIRE = "normandie"
STEPS: tuple[tuple[str, ...], ...] = (
    (),
    (FicheTransition.SOUMETTRE,),
    (FicheTransition.SOUMETTRE, FicheTransition.PRENDRE),
)
"""Transitions of the first renewed fiches, one tuple per fiche."""
LIFE = timedelta(90)
"""Duration of the campaign, and of the set: see `demo.standing`."""
KEPT = PROPOSED - {UNFINISHED}
"""What is left of a session in progress depends on the day; the contents of the set must not."""


class Season:
    """users: the people of the set, each with their demonstration account."""

    def __init__(self, session: Session, now: datetime, users: Sequence[tuple[Account, User]]):
        self.session, self.now, self.users = session, now, users
        self.moderator = next(
            user for account, user in users if account.role is Role.MODERATEUR and TERRITOIRE in account.of
        )

    def run(self) -> None:
        with clock_at(self.now - timedelta(10)):
            campaign = self.open()
            for organisme_id in concerned_structures(self.session, campaign):
                invite(self.session, campaign.id, organisme_id)
        renewable = [one.fiche for one in candidates(self.session, self.fiches(campaign)) if not one.obstacle]
        # One fiche per structure, so that the progress shown is not that of a single structure.
        first = {fiche.organisme_id: fiche for fiche in reversed(renewable)}
        for fiche, steps in zip(sorted(first.values(), key=lambda one: one.id)[1:], STEPS, strict=False):
            self.answer(fiche, steps)

    def open(self) -> Campaign:
        today = local_day(self.now)
        territoire = next(row.territoire for row in self.moderator.assignments if row.role is Role.MODERATEUR)
        campaign = Campaign(
            label=f"Ateliers {today.year + 1}",
            year=today.year + 1,
            opens_on=today - timedelta(10),
            deadline=today + LIFE,
            message="Les conseillers qui orientent le public préparent déjà l’année : merci de répondre tôt.",
            created_by_id=self.moderator.id,
            opened_at=self.now - timedelta(10),
            territoires=[territoire],
        )
        self.session.add(campaign)
        self.session.flush()
        return campaign

    def fiches(self, campaign: Campaign) -> Sequence[Fiche]:
        online = Fiche.state == FicheState.PUBLIEE
        return self.session.scalars(select(Fiche).where(online, *concerned(campaign)).order_by(Fiche.id)).all()

    def answer(self, fiche: Fiche, steps: Sequence[str]) -> None:
        provider = next(user for _, user in self.users if fiche.organisme_id in user.organisme_ids)
        with clock_at(self.now - timedelta(hours=30)):
            draft = renew(self.session, fiche.id, KEPT, provider)
        for rank, name in enumerate(steps):
            actor = provider if name == FicheTransition.SOUMETTRE else self.moderator
            with clock_at(self.now - timedelta(hours=29 - rank)):
                apply(self.session, name, fiche_id=fiche.id, revision_id=draft.id, actor=actor)
