"""The settings of a territoire: read, changed by its moderators, each change kept."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backoffice.extensions import db
from backoffice.models import Assignment, Change, Territoire
from backoffice.permissions import Role
from forms.settings import SETTINGS
from tests import factories as make
from tests.pages import Page, open_page
from tests.visitor import Visitor
from workflows.case import Refused
from workflows.settings import change_settings

PAGE = "/moderation/reglages/normandie"
SAME = {"delai_instruction": "5", "siret_obligatoire": "1"}


@pytest.fixture
def marc(app):
    yield make.moderator()
    db.session.rollback()
    db.session.query(Territoire).filter_by(slug="normandie").update({"delai_instruction": 5, "siret_obligatoire": True})
    db.session.commit()  # this table is kept between tests


def settings():
    db.session.expire_all()
    territoire = make.territoire()
    return territoire.delai_instruction, territoire.siret_obligatoire


def test_every_setting_is_a_column_of_the_territoire():
    assert {setting.name for setting in SETTINGS} <= set(Territoire.__table__.columns.keys())


def test_a_moderator_of_one_territoire_is_led_to_it(app, marc):
    assert Visitor(app, marc).get("/moderation/reglages/").headers["Location"] == PAGE


def test_a_moderator_of_several_chooses(app, marc):
    marc.assignments.append(Assignment(role=Role.MODERATEUR, territoire=make.territoire("grand-est")))
    db.session.commit()
    page = open_page(Visitor(app, marc), "/moderation/reglages/")
    assert [link.text for link in page.dom.xpath("//main//h2/a")] == ["Grand Est", "Normandie"]


def test_what_is_changed_is_kept_with_who_changed_it(app, marc):
    visitor = Visitor(app, marc)
    assert visitor.post(PAGE, {"delai_instruction": " 8 ", "siret_obligatoire": "0"}).status_code == 303
    assert settings() == (8, False)
    words = open_page(visitor, PAGE).words()
    assert f"{marc.name} : « Jours ouvrés pour répondre à une structure », de 5 jours ouvrés à 8 jours ouvrés" in words
    assert "de Oui à Non" in words


def test_saying_the_same_again_writes_nothing(app, marc):
    assert Visitor(app, marc).post(PAGE, SAME).status_code == 303
    assert db.session.query(Change).count() == 0


@pytest.mark.parametrize("typed", ["", "0", "61", "cinq", "-3", "5.5", "²", "9" * 300])
def test_a_delay_that_cannot_be_is_told_at_its_field_and_stays_typed(app, marc, typed):
    visitor = Visitor(app, marc)
    page = Page(visitor, visitor.post(PAGE, {**SAME, "delai_instruction": typed}))
    assert page.status == 422
    assert page.error("delai_instruction") == "Écrivez un nombre de jours, de 1 à 60."
    assert page.shown("delai_instruction") == [typed[:20]]
    assert settings() == (5, True)


def test_a_choice_that_is_none_is_told(app, marc):
    visitor = Visitor(app, marc)
    page = Page(visitor, visitor.post(PAGE, {**SAME, "siret_obligatoire": "peut-être"}))
    assert page.status == 422
    assert page.error("siret_obligatoire") == "Choisissez oui ou non."


def test_only_its_moderators_change_a_territoire(app, marc):
    with pytest.raises(Refused):
        change_settings(db.session(), make.territoire("grand-est").id, {"delai_instruction": 1}, marc)


@pytest.mark.parametrize("order", ["UPDATE change SET after = 'x'", "DELETE FROM change"])
def test_the_base_itself_refuses_that_a_change_be_rewritten(app, marc, order):
    Visitor(app, marc).post(PAGE, {**SAME, "delai_instruction": "9"})
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(order))
    db.session.rollback()
