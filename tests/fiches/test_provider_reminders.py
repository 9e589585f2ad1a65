"""What structures are reminded of: each reminder on both sides of its day, and told once."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from backoffice.core.clock import clock_at, now
from backoffice.core.dates import PARIS
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import FicheState, Mail, RevisionState, TransitionLog
from tests.support import factories as make
from workflows.fiches import closing, provider_reminders
from workflows.fiches.fast_lane import Change, update_session
from workflows.fiches.operations import open_draft, save_draft
from workflows.robot import ADDRESS, robot

pytestmark = pytest.mark.dates

NOTICES = {reminder.notice for reminder in provider_reminders.REMINDERS}


def told():
    db.session.rollback()
    return list(db.session.scalars(select(Mail.notice).where(Mail.notice.in_(NOTICES)).order_by(Mail.id)))


def send_on(moment):
    with clock_at(moment):
        provider_reminders.send()
        provider_reminders.send()
    return told()


def at(year, month, day):
    return datetime(year, month, day, 7, tzinfo=PARIS)


@pytest.mark.parametrize(("days", "number"), [(7, 0), (8, 1), (29, 1), (30, 1), (300, 1)])
def test_a_draft_that_sleeps(app, days, number):
    make.draft(make.provider())
    assert send_on(now() + timedelta(days=days, hours=1)) == ["brouillon_endormi"] * number


def test_a_draft_is_spoken_of_at_8_and_at_30_days_and_again_once_it_has_been_awake(app):
    provider = make.provider()
    fiche = make.draft(provider)
    start = now()
    for days in range(0, 60, 3):
        send_on(start + timedelta(days=days, hours=1))
    assert len(told()) == 2
    with clock_at(start + timedelta(days=60)), atomic() as session:
        save_draft(session, fiche.latest, make.complete_content("Un autre titre"), {}, provider)
    send_on(start + timedelta(days=69))
    assert len(told()) == 3


def test_a_fiche_that_is_sent_or_archived_is_left_alone(app):
    provider, moderator = make.provider(), make.moderator()
    make.fiche_in(RevisionState.SOUMISE, provider, moderator)
    make.step(make.draft(provider), "archiver", provider)
    assert send_on(now() + timedelta(days=40)) == []


@pytest.fixture
def published(app):
    """A fiche approved long before its one session, 15 September 2026 to 30 June 2027."""
    provider = make.provider()
    with clock_at(at(2026, 6, 1)):
        fiche = make.fiche_in(RevisionState.VALIDEE, provider, make.moderator())
    return fiche, provider


@pytest.mark.parametrize(
    ("day", "number"), [(date(2026, 9, 7), 0), (date(2026, 9, 8), 1), (date(2026, 9, 14), 1), (date(2026, 9, 15), 0)]
)
def test_a_session_that_begins_within_a_week(app, published, day, number):
    assert send_on(at(day.year, day.month, day.day)) == ["places_a_dire"] * number


@pytest.mark.parametrize(("ago", "number"), [(13, 0), (15, 1)])
def test_nothing_is_asked_when_the_places_were_said_lately(app, published, ago, number):
    fiche, provider = published
    with clock_at(at(2026, 9, 10) - timedelta(days=ago)), atomic() as session:
        update_session(session, fiche.id, Change("G2", "S3", places_libres=3), provider)
    assert send_on(at(2026, 9, 10)) == ["places_a_dire"] * number


@pytest.mark.parametrize(("day", "number"), [(date(2027, 6, 30), 0), (date(2027, 7, 1), 1), (date(2027, 9, 1), 1)])
def test_the_last_session_is_over(app, published, day, number):
    assert send_on(at(day.year, day.month, day.day)) == ["fiche_terminee"] * number


def test_each_is_told_once_through_the_whole_life(app, published):
    for day in range(0, 500, 2):
        with clock_at(at(2026, 6, 2) + timedelta(days=day)):
            provider_reminders.send()
    assert told() == ["places_a_dire", "fiche_terminee"]


# --- Archiving what is over ----------------------------------------------------------------------------


def morning(moment):
    """What happens by itself on a day, in the order of the table."""
    with clock_at(moment):
        closing.close()
        provider_reminders.send()


def state_of(fiche):
    db.session.rollback()
    db.session.expire_all()
    return fiche.state


def test_a_fiche_is_archived_a_month_after_its_last_session_once_its_structure_was_told(app, published):
    fiche, _ = published
    for day in range(1, 31):
        morning(at(2027, 7, 1) + timedelta(days=day - 1))
        expected = FicheState.ARCHIVEE if day >= 30 else FicheState.PUBLIEE
        assert state_of(fiche) is expected, day
    last = db.session.scalars(select(TransitionLog).order_by(TransitionLog.id.desc())).first()
    assert (last.transition, last.actor.name) == ("terminer", "Relais")
    notices = set(db.session.scalars(select(Mail.notice).where(Mail.fiche_id == fiche.id)))
    assert {"fiche_terminee", "fiche_terminee_archivee"} <= notices


def test_it_waits_until_the_structure_was_told_long_enough_ago(app, published):
    fiche, _ = published
    morning(at(2028, 1, 10))  # nobody looked for months: it is told first
    morning(at(2028, 1, 24))
    assert state_of(fiche) is FicheState.PUBLIEE
    morning(at(2028, 1, 26))
    assert state_of(fiche) is FicheState.ARCHIVEE


def test_a_fiche_that_somebody_renews_stays_online(app, published):
    fiche, provider = published
    with clock_at(at(2027, 7, 10)), atomic() as session:
        open_draft(session, fiche.id, provider)
    for day in (1, 20, 40, 60):
        morning(at(2027, 7, 1) + timedelta(days=day))
    assert state_of(fiche) is FicheState.PUBLIEE


def test_nobody_comes_in_as_the_one_who_acts_by_itself(app, visitor):
    with atomic() as session:
        assert robot(session) is robot(session)
    assert visitor.login(ADDRESS, "").status_code == 401
    visitor.see("/connexion/lien")
    visitor.post("/connexion/lien", {"courriel": ADDRESS})
    assert db.session.scalars(select(Mail.id)).all() == []
