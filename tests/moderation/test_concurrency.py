"""Several people, as many real connections, the same fiches: always one winner, and one clear message."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations_with_replacement

import pytest
from sqlalchemy.orm import Session

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.models import Fiche, Revision, RevisionState, TransitionLog, User
from backoffice.models.content import fingerprint
from backoffice.models.fiches.states import OPEN_STATES
from tests.support import factories as make
from tests.support.pages import Page
from tests.support.visitor import Visitor
from workflows.case import Refused
from workflows.fiches.engine import apply
from workflows.fiches.transitions import TRANSITIONS, Subject
from workflows.robot import robot

pytestmark = pytest.mark.committed

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
        return visitor.post(
            f"/moderation/{revision_id}/{name}", {"commentaire": "Hors du champ.", "motif": "hors-champ"}
        )

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
                apply(session, second, actor=session.get_one(User, twos), comment="Trop tard.", reason="doublon", **ids)
            except Refused as refused:
                answer.append(refused.message)

    with Session(engine) as session:
        apply(session, first, actor=session.get_one(User, ones), comment="Le premier.", reason="doublon", **ids)
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


def together(*actions):
    """Does all of this at the same moment, each on a thread of its own; their results, in order."""
    start = threading.Barrier(len(actions))

    def one(action):
        start.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(one, actions))


MOVES = [t for t in TRANSITIONS.values() if Subject.REVISION in t.kinds]
RIVALS = [
    pytest.param(state, one.name, two.name, id=f"{state}-{one.name}-{two.name}")
    for state in RevisionState
    for one, two in combinations_with_replacement([t for t in MOVES if state in t.sources], 2)
]
"""Every pair of steps that the table allows from the same state: take/take, decide/decide, decide/withdraw…"""


@pytest.mark.parametrize(("state", "one", "two"), RIVALS)
def test_of_two_steps_at_once_from_the_same_state_one_wins(app, state, one, two):
    structure = make.organisme()
    writers = [make.provider("Nadia Exemple", structure), make.provider("Omar Collègue", structure)]
    moderators = [make.moderator("Marc Modèle"), make.moderator("Mina Modèle")]
    if "relire" in (one, two):  # its draft is a moderator's copy
        fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, writers[0], moderators[0])
        make.step(fiche, "corriger", moderators[0])
        db.session.expire_all()
    else:
        fiche = make.fiche_in(state, writers[0], moderators[0])
    fiche_id, revision_id = fiche.id, fiche.latest.id
    before = {row.id for row in db.session.query(TransitionLog)}
    relais = robot(db.session())
    db.session.commit()
    kinds = {
        Permission.WRITE_FICHE: writers,
        Permission.MODERATE: moderators,
        Permission.AUTOMATIC: [relais, relais],
    }
    sides = [(name, kinds[TRANSITIONS[name].permissions[0]][rank].id) for rank, name in enumerate((one, two))]
    db.session.remove()
    engine = db.engine

    def step(name, actor_id):
        with app.app_context(), Session(engine) as session:
            try:
                actor = session.get_one(User, actor_id)
                facts = {"actor": actor, "comment": "Une raison.", "reason": make.reason_for(name)}
                apply(session, name, fiche_id=fiche_id, revision_id=revision_id, **facts)
                session.commit()
            except Refused as refused:
                return refused.message
            return ""

    messages = together(*(lambda side=side: step(*side) for side in sides))
    after = db.session.query(TransitionLog).filter(TransitionLog.id.not_in(before)).order_by(TransitionLog.id).all()
    moves = [row for row in after if row.transition in TRANSITIONS]
    winners = [name for (name, _), message in zip(sides, messages, strict=True) if not message]
    if len(winners) == 2:  # the second step was allowed from where the first one led: one after the other
        first, second = moves
        assert second.source == first.target
        assert TRANSITIONS[first.transition].target in TRANSITIONS[second.transition].sources
    else:
        (move,) = moves
        assert [move.transition] == winners
        assert sum(bool(message) for message in messages) == 1
    assert db.session.get_one(Revision, revision_id).state == moves[-1].target
    assert len([r for r in db.session.get_one(Fiche, fiche_id).revisions if r.state in OPEN_STATES]) <= 1


@pytest.mark.parametrize(("number", "fiches"), [(6, 6), (6, 9), (6, 3)], ids=str)
def test_the_next_one_is_a_different_one_for_each_moderator(app, number, fiches):
    provider = make.provider()
    moderators = [make.moderator(f"Modératrice {rank}") for rank in range(number)]
    waiting = [make.fiche_in(RevisionState.SOUMISE, provider, moderators[0]).latest.id for _ in range(fiches)]
    visitors = [Visitor(app, moderator) for moderator in moderators]
    for visitor in visitors:
        visitor.see("/moderation/")
    db.session.remove()
    answers = together(*(lambda v=visitor: v.post("/moderation/suivante", {"vue": ""}) for visitor in visitors))
    assert {answer.status_code for answer in answers} == {303}
    places = [answer.headers["Location"] for answer in answers if answer.headers["Location"] != "/moderation/"]
    assert len(places) == len(set(places)) == min(number, fiches)
    assert set(places) <= {f"/moderation/{id_}" for id_ in waiting}
    if fiches >= number:  # the oldest ones, whoever got which
        assert set(places) == {f"/moderation/{id_}" for id_ in waiting[:number]}
    taken = db.session.query(TransitionLog).filter_by(transition="prendre").all()
    assert len(taken) == len({row.revision_id for row in taken}) == min(number, fiches)


def test_the_next_one_passes_over_a_fiche_that_somebody_is_deciding_on(app):
    """On PostgreSQL without waiting; SQLite has one writer at a time, so the second comes after the first."""
    marc, mina = make.moderator("Marc Modèle"), make.moderator("Mina Modèle")
    provider = make.provider()
    first, second = (make.fiche_in(RevisionState.SOUMISE, provider, marc).latest for _ in range(2))
    ids = {"fiche_id": first.fiche_id, "revision_id": first.id}
    second_id, marc_id, visitor = second.id, marc.id, Visitor(app, mina)
    db.session.remove()
    engine, answers = db.engine, []
    late = threading.Thread(target=lambda: answers.append(visitor.post("/moderation/suivante", {"vue": ""})))
    with Session(engine) as session:
        apply(session, "prendre", actor=session.get_one(User, marc_id), **ids)
        late.start()
        late.join(10 if engine.dialect.name == "postgresql" else 0.3)
        assert late.is_alive() == (engine.dialect.name == "sqlite")
        session.commit()
    late.join(20)
    assert answers[0].headers["Location"] == f"/moderation/{second_id}"


@pytest.mark.parametrize("round_", range(3))
def test_editing_a_draft_while_a_colleague_submits_it_loses_nothing(app, round_):
    structure = make.organisme()
    one, two = make.provider("Nadia Exemple", structure), make.provider("Omar Collègue", structure)
    fiche = make.draft(one)
    fiche_id, revision_id = fiche.id, fiche.latest.id
    writer, sender = Visitor(app, one), Visitor(app, two)
    page = Page(writer, writer.see(f"/fiches/{fiche_id}/saisie/objectifs"))
    page.type({"formation-objectif": "Ce que je viens d’écrire."})
    sender.see("/fiches/")
    db.session.remove()
    save = lambda: writer.post(page.action, page.answers)  # noqa: E731
    send = lambda: sender.post(f"/fiches/{fiche_id}/envoyer")  # noqa: E731
    saved, sent = together(save, send)
    revision = db.session.get_one(Revision, revision_id)
    assert (sent.status_code, revision.state) == (303, RevisionState.SOUMISE)
    assert revision.content_hash == fingerprint(revision.document)
    if saved.status_code == 409:  # sent first: what was typed is shown, to be copied
        assert "Ce que je viens d’écrire." in saved.text
        assert revision.content.formation.objectif != "Ce que je viens d’écrire."
    else:
        assert saved.status_code == 303
        assert revision.content.formation.objectif == "Ce que je viens d’écrire."
    assert db.session.query(TransitionLog).filter_by(transition="soumettre").count() == 1
