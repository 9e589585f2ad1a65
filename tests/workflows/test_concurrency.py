"""Two moderators, two real connections, one revision: exactly one decision, and one clear message."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from backoffice.extensions import db
from backoffice.models import Revision, RevisionState, TransitionLog, User
from tests import factories as make
from tests.visitor import Visitor
from workflows.case import Refused
from workflows.engine import apply

DECISIONS = {
    "valider": RevisionState.VALIDEE,
    "refuser": RevisionState.REFUSEE,
    "renvoyer": RevisionState.A_CORRIGER,
    "corriger": RevisionState.A_CORRIGER,
}


@pytest.fixture
def taken(app):
    """A revision that a moderator has taken, and two moderators of its territoire."""
    one, two = make.moderator("Marc Modèle"), make.moderator("Mina Modèle")
    return make.fiche_in(RevisionState.EN_INSTRUCTION, make.provider(), one), one, two


@pytest.mark.parametrize("round_", range(4))
def test_approving_and_refusing_at_the_same_time_leaves_one_decision(app, taken, round_):
    fiche, one, two = taken
    fiche_id, revision_id = fiche.id, fiche.latest.id
    sides = [(Visitor(app, one), "valider"), (Visitor(app, two), "refuser")]
    db.session.remove()
    start = threading.Barrier(2)

    def decide(side):
        visitor, name = side
        start.wait()
        return visitor.post(f"/moderation/{revision_id}/{name}", {"commentaire": "Hors du champ."})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(decide, sides if round_ % 2 else sides[::-1]))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert "a déjà été" in loser.text
    assert "rien n’a été changé" in loser.text
    logged = db.session.query(TransitionLog).filter(
        TransitionLog.fiche_id == fiche_id, TransitionLog.transition.in_(DECISIONS)
    )
    (decision,) = logged.all()
    assert db.session.get_one(Revision, revision_id).state is DECISIONS[decision.transition]


@pytest.mark.parametrize("first", DECISIONS)
@pytest.mark.parametrize("second", DECISIONS)
def test_the_second_waits_for_the_first_and_is_told_who_was_faster(app, taken, first, second):
    fiche, one, two = taken
    ids = {"fiche_id": fiche.id, "revision_id": fiche.latest.id}
    ones, twos = one.id, two.id
    db.session.remove()
    engine = db.engine
    waiting, answer = threading.Event(), []

    def come_second():
        with app.app_context(), Session(engine) as session:
            waiting.set()
            try:
                apply(session, second, actor=session.get_one(User, twos), comment="Trop tard.", **ids)
            except Refused as refused:
                answer.append(refused.message)

    with Session(engine) as session:
        apply(session, first, actor=session.get_one(User, ones), comment="Le premier.", **ids)
        late = threading.Thread(target=come_second)
        late.start()
        waiting.wait(5)
        late.join(0.3)
        assert late.is_alive(), "le second n’a pas attendu la fin de la première décision"
        session.commit()
    late.join(20)
    (message,) = answer
    assert "Marc Modèle" in message
    assert db.session.query(TransitionLog).filter(TransitionLog.transition.in_(DECISIONS)).count() == 1


def test_two_moderators_taking_the_same_fiche(app):
    one, two = make.moderator("Marc Modèle"), make.moderator("Mina Modèle")
    fiche = make.fiche_in(RevisionState.SOUMISE, make.provider(), one)
    revision_id = fiche.latest.id
    visitors = [Visitor(app, one), Visitor(app, two)]
    db.session.remove()
    start = threading.Barrier(2)

    def take(visitor):
        start.wait()
        return visitor.post(f"/moderation/{revision_id}/prendre")

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(take, visitors), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "a déjà été prise par" in answers[1].text


def test_two_colleagues_submitting_the_same_draft(app):
    structure = make.organisme()
    one, two = make.provider("Nadia Exemple", structure), make.provider("Omar Collègue", structure)
    fiche = make.draft(one)
    fiche_id, visitors = fiche.id, [Visitor(app, one), Visitor(app, two)]
    db.session.remove()
    start = threading.Barrier(2)

    def submit(visitor):
        start.wait()
        return visitor.post(f"/fiches/{fiche_id}/envoyer")

    with ThreadPoolExecutor(2) as pool:
        codes = sorted(answer.status_code for answer in pool.map(submit, visitors))
    assert codes == [303, 409]
