"""Loads the demonstration set: fiches are written by the operations and moved by the engine, with their log.

The clock is set back for each event, so that the queue shows ages and every history is consistent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from backoffice.core.clock import clock_at
from backoffice.core.dates import PARIS, local_day
from backoffice.core.passwords import hash_password
from backoffice.core.permissions import Permission, Role
from backoffice.models import Fiche, Mail, MailState, Organisme, Territoire, User
from backoffice.models.content import Contenu
from backoffice.queries.territoires.communes import communes_of
from backoffice.reference.demonstration import ACCOUNTS, PASSWORD, Account
from forms.fiches.paths import PATHS
from forms.kit.saving import save
from workflows.fiches.engine import apply, lock
from workflows.fiches.operations import create_fiche, open_draft, save_draft
from workflows.fiches.transitions import TRANSITIONS
from workflows.moderation.remarks import pin

from . import phrases, verifications
from .comings import come_and_go
from .contents import Brief, beginning, begun, compose, corrected, faulty, renew, spread, towns
from .dispositifs import fit, themes_of
from .grants import Grants
from .people import add_account
from .scenario import (
    APPROVE,
    ARCHIVE,
    CORRECT,
    GIVE_BACK,
    PLAN,
    REFUSE,
    RENEW,
    REREAD,
    RETURN,
    STORIES,
    SUSPEND,
    UNREAD,
    Story,
)
from .season import Season
from .structures import HOUSES, House

SEED = 2026
SHAPES = ((1,), (1,), (2,), (1, 1), (2, 1), (3,), (1, 1, 1))
"""Number of sessions of each group, for successive fiches."""

GAPS: dict[str, tuple[int, int]] = {
    **dict.fromkeys((APPROVE, RETURN, REFUSE, GIVE_BACK), (0, 1)),
    RENEW: (20, 45),
    SUSPEND: (5, 20),
    ARCHIVE: (240, 300),
}
"""(least, most) days between an event and the one before, when it is not 1 to 6."""


def load_demo(session: Session, now: datetime) -> int:
    """Adds accounts, structures and fiches to a database that has territoires and communes.

    Returns the number of fiches. Contents are deterministic; dates and times are relative to `now`.
    """
    stage = Stage(session, now)
    for house in HOUSES:
        for name in PLAN[house.key]:
            stage.play(house, STORIES[name])
    Season(session, now, stage.users).run()
    funder = next(user for account, user in stage.users if account.role is Role.FINANCEUR)
    Grants(session, now, funder, stage.organismes).run()
    moderator = next(
        user for account, user in stage.users if account.role is Role.MODERATEUR and "normandie" in account.of
    )
    verifications.load(session, stage.organismes, moderator)
    with clock_at(now - timedelta(1)):
        come_and_go(session, stage.users, stage.organismes)
    # Notices of past events stay in the inboxes; none is sent by e-mail.
    session.execute(update(Mail).values(state=MailState.ANNULE))
    return stage.played


class Stage:
    """The people and structures of the set; `played`: number of fiches created so far."""

    def __init__(self, session: Session, now: datetime):
        self.session = session
        self.now = now
        self.played = 0
        territoires = {row.slug: row for row in session.scalars(select(Territoire))}
        of_region = {row.region: row for row in territoires.values()}
        with clock_at(now - timedelta(700)):
            self.organismes = {house.key: add_organisme(session, house, of_region[house.region]) for house in HOUSES}
            password = hash_password(PASSWORD)  # slow on purpose: one hash is enough for a public password
            served = {key for account in ACCOUNTS for key in account.of}
            others = [desk(house) for house in HOUSES if house.key not in served]
            self.users = [
                (account, add_account(session, account, password, self.organismes, territoires))
                for account in (*ACCOUNTS, *others)
            ]
        self.slugs = {row.region: row.slug for row in territoires.values()}

    def provider(self, house: House) -> User:
        return next(user for account, user in self.users if house.key in account.of)

    def moderator(self, house: House) -> User:
        """The moderators of a territoire take turns, one fiche each."""
        slug = self.slugs[house.region]
        own = [user for account, user in self.users if account.role is Role.MODERATEUR and slug in account.of]
        return own[self.played % len(own)]

    def play(self, house: House, story: Story) -> None:
        rank = self.played
        rng = Random(f"{SEED}-{rank}")  # noqa: S311 - random texts, not secrets
        theme, title = spread(themes_of(house), rank)
        begins = beginning(local_day(self.now), house.dispositif, story.years)
        brief = Brief(house, theme, begins, title, SHAPES[rank % len(SHAPES)])
        Play(self, house, story, fit(compose(brief, rng), house), rng).run()
        self.played += 1


class Play:
    """A fiche and the events of its story."""

    def __init__(self, stage: Stage, house: House, story: Story, content: Contenu, rng: Random):
        self.stage, self.session, self.rng, self.story = stage, stage.session, rng, story
        self.organisme, self.dispositif = stage.organismes[house.key], house.dispositif
        self.provider, self.moderator = stage.provider(house), stage.moderator(house)
        self.remark = phrases.REMARKS[stage.played % len(phrases.REMARKS)]
        self.content = self.first_content() if story.again else begun(content, story.filled)
        if RETURN in story.events:
            faulty(self.content, self.remark)

    def run(self) -> None:
        times = iter(moments(self.story, self.stage.now, self.rng))
        with clock_at(next(times)):
            key = f"demo-{self.stage.played + 1:03d}"
            fiche = create_fiche(self.session, self.organisme, self.dispositif, self.provider, key)
        with clock_at(next(times)):
            self.write(fiche)
        for event, moment in zip(self.story.events, times, strict=True):
            with clock_at(moment):
                self.happen(fiche, event)

    def first_content(self) -> Contenu:
        first = select(Fiche).where(Fiche.organisme_id == self.organisme.id).order_by(Fiche.id).limit(1)
        return self.session.scalars(first).one().revisions[0].content

    def write(self, fiche: Fiche) -> None:
        revision = lock(self.session, fiche.id).latest
        by = self.moderator if revision.being_corrected else self.provider
        save_draft(self.session, revision, self.content, {}, by)

    def happen(self, fiche: Fiche, event: str) -> None:
        if event == UNREAD:
            self.type_nonsense(fiche)
        elif event == RENEW:
            open_draft(self.session, fiche.id, self.provider)
            renew(self.content, self.rng)
            self.write(fiche)
        elif event == REREAD:
            self.content.inscription.modalites = self.content.inscription.modalites.rstrip(".") + ", sur rendez-vous."
            self.write(fiche)
            self.move(fiche, event)
        elif event == CORRECT:
            corrected(self.content, self.remark)
            self.write(fiche)
        else:
            self.move(fiche, event)

    def move(self, fiche: Fiche, event: str) -> None:
        revision = lock(self.session, fiche.id).latest
        actor = self.provider if Permission.WRITE_FICHE in TRANSITIONS[event].permissions else self.moderator
        reason, comment = self.said(event)
        if event == RETURN and self.stage.played % 2:  # on the field itself, instead of in a comment
            pin(self.session, fiche.id, revision.id, self.remark.path, comment, self.moderator)
            comment = ""
        apply(
            self.session,
            event,
            fiche_id=fiche.id,
            revision_id=revision.id,
            actor=actor,
            comment=comment,
            reason=reason,
        )

    def said(self, event: str) -> tuple[str, str]:
        """(code of the reason, comment) of a decision."""
        if event == RETURN:
            return "", self.remark.reason
        refusal, suspension = self.rng.choice(phrases.REFUSALS), self.rng.choice(phrases.SUSPENSIONS)
        reasons: dict[str, tuple[str, str]] = {REFUSE: refusal, SUSPEND: suspension}
        return reasons.get(event, ("", ""))

    def type_nonsense(self, fiche: Fiche) -> None:
        """Saves the second page with a value that is not a URL, so that it stays pending."""
        revision = lock(self.session, fiche.id).latest
        step = PATHS[fiche.dispositif].steps[1]
        said = self.content.formation
        posted = MultiDict(
            [
                ("formation-intitule", said.intitule),
                *(("formation-domaines", code) for code in said.domaines),
                ("formation-url", "notre page Facebook"),
            ]
        )
        saved = save(step, revision.content, revision.pending, posted, communes_of)
        save_draft(self.session, revision, saved.content, saved.pending, self.provider)


def moments(story: Story, now: datetime, rng: Random) -> list[datetime]:
    """Times of creation, of writing and of each event: in order, in office hours, before `now`."""
    days = [rng.randint(*story.ages)]
    for event in reversed(story.events):
        days.append(days[-1] + rng.randint(*GAPS.get(event, (1, 6))))
    days.append(days[-1] + rng.randint(0, 3))
    return list(_office_hours(list(reversed(days)), now.astimezone(PARIS), rng))


def _office_hours(days: list[int], now: datetime, rng: Random) -> Iterator[datetime]:
    previous = now - timedelta(10_000)
    for ago in days:
        day = now - timedelta(ago)
        day -= timedelta(max(0, day.weekday() - 4))  # no events on Saturday or Sunday
        moment = day.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(minutes=rng.randrange(420))
        later = timedelta(minutes=rng.randint(5, 40))  # drawn even if unused, so that the next draws never change
        if moment <= previous:
            moment = previous + later
        yield moment
        previous = moment


def add_organisme(session: Session, house: House, territoire: Territoire) -> Organisme:
    organisme = Organisme(territoire_id=territoire.id)
    organisme.said = house.structure(towns(house.region))
    session.add(organisme)
    session.flush()
    return organisme


def desk(house: House) -> Account:
    """The account of a structure that has no account among those shown."""
    return Account(house.courriel, f"Accueil, {house.nom}"[:100], house.nom, Role.SAISIE, (house.key,))
