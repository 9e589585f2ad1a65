"""Anchors follow their spot through versions; the base itself keeps remarks, states and corrections true."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from backoffice.core.extensions import db
from backoffice.models import (
    Contestation,
    DistinctPair,
    Fiche,
    Remark,
    RemarkAct,
    RemarkEvent,
    RevisionState,
)
from backoffice.models.content import Action, spots
from backoffice.models.content.anchors import anchor_of, path_of
from exports.importing.reading import leaf_values
from tests.support import factories as make
from tests.support.factories import complete_content, two_places
from workflows.moderation.remarks import pin


def test_an_anchor_names_rows_by_their_id_and_leads_back():
    content = two_places()
    assert anchor_of(content, "actions-0-sessions-0-debut") == "actions-G2-sessions-S3-debut"
    for path, _ in leaf_values(content):
        assert path_of(content, anchor_of(content, path)) == path


def test_an_anchor_follows_its_row_and_tells_when_it_is_gone():
    content = complete_content()
    anchor = anchor_of(content, "actions-0-sessions-0-debut")
    content.actions.insert(0, Action(content.new_id(Action)))
    assert path_of(content, anchor) == "actions-1-sessions-0-debut"
    del content.actions[1]
    assert path_of(content, anchor) is None


@pytest.mark.parametrize("path", ["", *(p for p in spots() if "[]" not in p and "." not in p)])
def test_the_whole_and_each_part_have_an_anchor(path):
    assert anchor_of(complete_content(), path) == path


@pytest.mark.parametrize(
    "path",
    ["x", "formation-x", "actions-9", "actions--1", "actions-0-creneaux-٠-jour", "formation-intitule-0", "__class__"],
)
def test_a_path_that_leads_nowhere_has_none(path):
    with pytest.raises(LookupError):
        anchor_of(complete_content(), path)


@pytest.fixture
def remark(app):
    moderator = make.moderator()
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, make.provider(), moderator)
    made = pin(db.session(), fiche.id, fiche.latest.id, "formation-objectif", "Dites pour qui.", moderator)
    made.events.append(RemarkEvent(act=RemarkAct.REPONDUE, text="Voilà.", actor_id=moderator.id))
    db.session.commit()
    return made


@pytest.mark.parametrize(
    "statement",
    [
        update(Remark).values(text="Autre chose."),
        delete(Remark),
        update(RemarkEvent).values(text="Autre chose."),
        delete(RemarkEvent),
    ],
    ids=lambda statement: f"{type(statement).__name__}-{statement.table.name}",
)
def test_the_base_refuses_to_change_what_was_said(remark, statement):
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        update(Fiche).values(merged_into_id=Fiche.id),
        text("UPDATE revision SET origin = 'personne'"),
    ],
    ids=["réunie sans être archivée", "origine inconnue"],
)
def test_the_base_refuses_what_cannot_be(remark, statement):
    with pytest.raises(DBAPIError):
        db.session.connection().execute(statement)


def test_the_base_refuses_a_pair_the_wrong_way_round_and_an_answer_without_author(remark):
    db.session.add(DistinctPair(first_id=remark.fiche_id + 1, second_id=remark.fiche_id, actor_id=remark.author_id))
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()
    facts = {"revision_id": remark.revision_id, "actor_id": remark.author_id, "text": "Non."}
    db.session.add(Contestation(**facts, answer="Si."))
    with pytest.raises(IntegrityError):
        db.session.flush()
