"""The demonstration set is alive on the day it is loaded, whatever the day, and is loaded anew when it is over."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from backoffice.core.clock import now
from backoffice.core.dates import PARIS, local_day
from backoffice.core.extensions import db
from backoffice.demo import standing
from backoffice.demo.load import load_demo
from backoffice.models import Campaign, Convention, Fiche, FicheState, Organisme, Revision, RevisionState
from backoffice.models.content import Session
from backoffice.queries.moderation.campaigns import under_way
from forms.fiches.paths import PATHS
from forms.fiches.review import review
from tests.support import factories as make
from tests.work.test_backup import instance  # noqa: F401 - a fixture

from .test_demo import run

MOMENTS = (
    datetime(2026, 12, 31, 23, 30, tzinfo=PARIS),
    datetime(2027, 1, 1, 0, 10, tzinfo=PARIS),
    datetime(2027, 3, 28, 3, 30, tzinfo=PARIS),
    datetime(2027, 5, 1, 9, tzinfo=PARIS),
    datetime(2027, 7, 20, 9, tzinfo=PARIS),
    datetime(2027, 8, 31, 23, 30, tzinfo=PARIS),
    datetime(2027, 10, 31, 2, 30, tzinfo=PARIS),
    datetime(2028, 2, 29, 10, tzinfo=PARIS),
)


def shown_sessions() -> list[Session]:
    """Those of the published versions."""
    published = db.session.scalars(select(Fiche).where(Fiche.state == FicheState.PUBLIEE))
    contents = [db.session.get_one(Revision, fiche.published_revision_id).content for fiche in published]
    return [session for content in contents for action in content.actions for session in action.sessions]


def assert_alive(today: date) -> None:
    sessions = shown_sessions()
    running = [row for row in sessions if row.debut <= today <= row.fin]
    assert len(running) >= 10
    assert any(row.recrutement == "1" for row in running), "on peut encore y entrer"
    assert any(row.debut > today and row.recrutement == "1" for row in sessions)

    (campaign,) = under_way(db.session(), today)
    assert campaign.deadline > today

    funded = db.session.scalars(select(Convention).where(Convention.annee == today.year))
    shown = [row for one in funded for row in one.obligations]
    assert sum(row.late for row in shown) >= 4
    assert any(row.waited and row.due_on > today for row in shown)

    waiting = db.session.scalars(select(Revision.due_on).where(Revision.state == RevisionState.SOUMISE)).all()
    assert any(day < today for day in waiting), "la file a des retards"
    assert any(day >= today for day in waiting)


@pytest.mark.dates
def test_the_set_is_alive_today(app: Flask) -> None:
    load_demo(db.session(), now())
    assert_alive(local_day(now()))


@pytest.mark.once
@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_the_set_is_alive_whatever_the_day_it_is_loaded(app: Flask, moment: datetime) -> None:
    with time_machine.travel(moment.timestamp()):
        load_demo(db.session(), now())
        assert_alive(local_day(moment))
        sent = db.session.scalars(select(Revision).where(Revision.submitted_at.is_not(None)))
        for revision in sent:
            assert review(revision.content, PATHS[revision.fiche.dispositif], revision.pending).complete


# --- A year later ---------------------------------------------------------------------------------------


@pytest.fixture
def stood(app: Flask, instance: Path) -> Flask:  # noqa: F811 - the fixture
    """The set is loaded, then somebody renames a structure."""
    assert run(app, "seed", "demo").exit_code == 0
    db.session.scalars(select(Organisme)).first().nom = "Structure renommée"
    db.session.commit()
    return app


def names() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(select(Organisme.nom)))


@pytest.mark.once
@pytest.mark.committed
def test_after_a_year_it_is_loaded_anew_and_what_was_typed_is_kept_in_an_archive(stood: Flask, instance: Path) -> None:  # noqa: F811
    with time_machine.travel(now() + timedelta(days=365)):
        assert standing.over(db.session(), local_day(now()))
        result = run(stood, "seed", "demo")
        assert result.exit_code == 0, result.output
        assert_alive(local_day(now()))
        assert "Structure renommée" not in names()

        (archive,) = instance.glob("demonstration-*.tar.gz")
        assert str(archive) in result.output
        assert "rien n’a été changé" in run(stood, "seed", "demo").output
        told = re.search(r"flask (restore \S+ --force)", result.output)
        assert run(stood, *told[1].split()).exit_code == 0
        assert "Structure renommée" in names()


@pytest.mark.once
def test_while_its_campaign_runs_it_is_left_as_it_is(stood: Flask, instance: Path) -> None:  # noqa: F811
    (campaign,) = db.session.scalars(select(Campaign))
    last = datetime.combine(campaign.deadline, datetime.max.time(), PARIS)
    with time_machine.travel(last.timestamp() - 60):
        assert "rien n’a été changé" in run(stood, "seed", "demo").output
    assert "Structure renommée" in names()
    assert not list(instance.iterdir())


@pytest.mark.once
@pytest.mark.committed
def test_where_somebody_has_an_account_of_their_own_it_must_be_asked_for(stood: Flask, instance: Path) -> None:  # noqa: F811
    make.provider()
    db.session.commit()
    with time_machine.travel(now() + timedelta(days=365)):
        assert "--again" in run(stood, "seed", "demo").output
        assert "Structure renommée" in names()
        assert run(stood, "seed", "demo", "--again").exit_code == 0
        assert_alive(local_day(now()))
        assert "Structure renommée" not in names()


@pytest.mark.once
def test_fiches_that_are_not_those_of_the_set_are_never_put_aside(app: Flask) -> None:
    make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator())
    with time_machine.travel(now() + timedelta(days=365)):
        assert "rien n’a été changé" in run(app, "seed", "demo").output
        assert db.session.scalars(select(Fiche)).one()
