"""Notices follow from the tables of transitions: each is told once to each person, whichever door takes the step."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import ImportLine, LotAction, Mail, RevisionState
from backoffice.models.content import dump
from backoffice.models.transition_names import FicheTransition
from tests.fiches.test_transitions import fiche_for, named, people, take
from tests.importing import test_imports as importing
from tests.moderation.test_lots import done
from tests.support import factories as make
from tests.support.tree import ROOT
from tests.support.visitor import Visitor
from workflows.conventions import obligation_transitions
from workflows.fiches.transitions import TABLE, TRANSITIONS
from workflows.moderation import corrections
from workflows.notices.declared import NOTICES

TELLING = [row for row in TRANSITIONS.values() if row.notice]


def told() -> Counter[tuple[str, str]]:
    """How many e-mails were written, {(notice, address): number}."""
    db.session.rollback()
    return Counter((row.notice, row.address) for row in db.session.scalars(select(Mail)))


@pytest.mark.parametrize("transition", TELLING, ids=named)
def test_each_transition_tells_its_notice_once_to_each_person(app, transition):
    by = people()
    fiche = fiche_for(transition, by, transition.sources[0])
    structure = by[Permission.WRITE_FICHE]
    colleague = make.provider("Noé Exemple", structure.memberships[0].organisme)
    before = told()
    take(transition, fiche, by[transition.permissions[0]])
    new = told() - before
    assert {key: number for key, number in new.items() if key[0] == transition.notice} == {
        (transition.notice, structure.email): 1,
        (transition.notice, colleague.email): 1,
    }
    assert {name for name, _ in new} == {transition.notice}


def test_a_correction_is_told_in_place_of_the_approval(app):
    nadia, marc = make.provider(), make.moderator()
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    make.step(fiche, FicheTransition.CORRIGER, marc)
    db.session.expire_all()
    make.step(fiche, FicheTransition.RELIRE, marc)
    db.session.expire_all()
    before = told()
    make.step(fiche, FicheTransition.VALIDER, marc)
    assert told() - before == {("correction_moderateur", nadia.email): 1}


def test_the_answer_to_a_contested_correction_is_told_to_its_structure(app):
    nadia, marc = make.provider(), make.moderator()
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    for name in (FicheTransition.CORRIGER, FicheTransition.RELIRE, FicheTransition.VALIDER):
        make.step(fiche, name, marc)
        db.session.expire_all()
    version = fiche.latest.id
    before = told()
    with atomic() as session:
        corrections.contest(session, fiche.id, version, "Le prix était juste.", nadia)
    assert told() - before == {("correction_contestee", marc.email): 1}
    with atomic() as session:
        corrections.answer_contestation(session, version, "Vous avez raison.", marc)
    assert told() - before == {("correction_contestee", marc.email): 1, ("contestation_repondue", nadia.email): 1}
    answer = db.session.scalars(select(Mail).where(Mail.notice == "contestation_repondue")).one()
    assert "Vous avez raison." in answer.text


# --- The doors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_moderator", [False, True], ids=["the structure", "a moderator"])
def test_the_page_that_sends_tells_it_once(app, by_moderator):
    nadia, marc = make.provider(), make.moderator()
    fiche = make.draft(nadia)
    visitor = Visitor(app, marc if by_moderator else nadia)
    for _ in range(2):
        assert visitor.post(f"/fiches/{fiche.id}/envoyer").status_code == 303
    assert told() == {("fiche_envoyee", nadia.email): 1}


@pytest.mark.parametrize("by_moderator", [False, True], ids=["the structure", "a moderator"])
def test_an_import_that_sends_tells_it_once_for_each_fiche(app, by_moderator):
    nadia, marc = make.provider(), make.moderator()
    actor = marc if by_moderator else nadia
    job = importing.start(actor, importing.foreign_flow("Parler"), organisme=not by_moderator)
    with atomic() as session:
        for row in session.query(ImportLine):
            row.read = {**row.read, "content": dump(make.complete_content("Parler"))}
    (line,) = importing.apply_all(job, submit=True)
    assert line.fiche.latest.state is RevisionState.SOUMISE
    assert told() == {("fiche_envoyee", nadia.email): 1}


def test_the_page_and_a_lot_that_approve_tell_it_once_for_each_fiche(app):
    nadia, marc = make.provider(), make.moderator()
    one, two, three = (make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc) for _ in range(3))
    done(LotAction.VALIDER, [one.latest, two.latest], marc)
    assert told() == {("fiche_validee", nadia.email): 2}
    assert Visitor(app, marc).post(f"/moderation/{three.latest.id}/{FicheTransition.VALIDER}").status_code == 303
    assert told() == {("fiche_validee", nadia.email): 3}


# --- The tables ----------------------------------------------------------------------------------------


def declared() -> set[str]:
    rows = [*TABLE.transitions.values(), *TABLE.events.values(), *obligation_transitions.TABLE.transitions.values()]
    return {row.notice for row in rows if row.notice} | {row.instead[1] for row in TELLING if row.instead}


def calls_that_tell(path: Path) -> set[str]:
    """The texts given to functions named «tell», «_tell»."""
    return {
        part.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")).endswith("tell")
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def texts_of(path: Path) -> set[str]:
    return {
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def modules() -> list[Path]:
    paths = [path for folder in ("backoffice", "workflows") for path in (ROOT / folder).rglob("*.py")]
    return [path for path in paths if not path.name.startswith("notices")]


def test_no_notice_of_a_table_is_told_from_elsewhere():
    assert declared() <= NOTICES.keys()
    assert {
        path.name: calls_that_tell(path) & declared() for path in modules() if calls_that_tell(path) & declared()
    } == {}


def test_each_notice_is_told_by_a_table_or_by_somebody():
    named_somewhere = set().union(*map(texts_of, modules()))
    assert NOTICES.keys() - named_somewhere == set()
