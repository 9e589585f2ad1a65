"""Two people at one entry, each with a connection of their own: one wins, the other is told, nothing is doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from backoffice.core.extensions import db
from backoffice.models import (
    Contestation,
    DistinctPair,
    Fiche,
    FicheState,
    Mail,
    Remark,
    Revision,
    RevisionState,
    TransitionLog,
)
from tests.support import factories as make
from tests.support.visitor import Visitor

pytestmark = pytest.mark.committed

ROUNDS = pytest.mark.parametrize("round_", range(4))


def together(actions: Sequence[Callable[[], int]], round_: int) -> list[int]:
    """Runs them at the same moment; gives their status codes, in order."""
    db.session.remove()
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], int]) -> int:
        start.wait()
        return action()

    order = list(actions) if round_ % 2 else list(actions)[::-1]
    with ThreadPoolExecutor(len(actions)) as pool:
        codes = dict(zip(map(id, order), pool.map(run, order), strict=True))
    return [codes[id(action)] for action in actions]


def posting(visitor: Visitor, url: str, **fields: str) -> Callable[[], int]:
    return lambda: visitor.post(url, fields).status_code


@pytest.fixture
def taken(app):
    """A version that a moderator has taken, and two moderators of its territoire."""
    one, two = make.moderator("Marc Modèle"), make.moderator("Mina Modèle")
    return make.fiche_in(RevisionState.EN_INSTRUCTION, make.provider(), one), one, two


@ROUNDS
def test_a_remark_and_a_return_at_the_same_time(app, taken, round_):
    """Either the remark was there first and goes with the return, or whoever wrote it is told."""
    fiche, one, two = taken
    url = f"/moderation/{fiche.latest.id}"
    pins = posting(Visitor(app, one), f"{url}/remarques", champ="formation-objectif", texte="Dites pour qui.")
    returns = posting(Visitor(app, two), f"{url}/renvoyer", commentaire="À compléter.")
    pinned, sent_back = together([pins, returns], round_)
    assert sent_back == 303
    assert pinned in (303, 409)
    assert db.session.query(Remark).count() == (pinned == 303)


@ROUNDS
@pytest.mark.parametrize("other", ["valider", "renvoyer", "corriger"])
def test_a_correction_and_another_decision_at_the_same_time(app, taken, other, round_):
    fiche, one, two = taken
    fiche_id, url = fiche.id, f"/moderation/{fiche.latest.id}"
    corrects = posting(Visitor(app, one), f"{url}/corriger")
    decides = posting(Visitor(app, two), f"{url}/{other}", commentaire="Une raison.")
    assert sorted(together([corrects, decides], round_)) == [303, 409]
    revisions = db.session.query(Revision).filter_by(fiche_id=fiche_id).all()
    assert sum(revision.state is RevisionState.BROUILLON for revision in revisions) <= 1
    decided = db.session.query(TransitionLog).filter(TransitionLog.transition.in_(["corriger", other])).count()
    assert decided == 1


@ROUNDS
def test_a_correction_ended_twice_at_the_same_time(app, taken, round_):
    fiche, one, two = taken
    make.step(fiche, "corriger", one)
    url = f"/moderation/fiches/{fiche.id}/correction"
    codes = together([posting(Visitor(app, who), url) for who in (one, two)], round_)
    assert codes.count(303) == 1
    assert set(codes) <= {303, 404, 409}
    assert db.session.query(TransitionLog).filter_by(transition="relire").count() == 1


@ROUNDS
def test_two_merges_in_opposite_directions_keep_exactly_one_fiche(app, round_):
    one, two = make.moderator("Marc Modèle"), make.moderator("Mina Modèle")
    provider = make.provider()
    fiches = [make.fiche_in(RevisionState.VALIDEE, provider, one, make.complete_content(f"Cours {n}")) for n in "ab"]
    ids = [fiche.id for fiche in fiches]
    url = f"/moderation/{fiches[0].latest.id}/doublons/{ids[1]}/fusionner"
    mails = db.session.query(Mail).count()
    sides = [
        posting(Visitor(app, one), url, garder="celle-ci"),
        posting(Visitor(app, two), url, garder="autre"),
    ]
    assert sorted(together(sides, round_)) == [303, 409]
    states = [db.session.get_one(Fiche, id_).state for id_ in ids]
    assert sorted(states) == [FicheState.ARCHIVEE, FicheState.PUBLIEE]
    assert db.session.query(TransitionLog).filter_by(transition="fusionner").count() == 1
    assert db.session.query(Mail).count() == mails + 1


@ROUNDS
def test_two_moderators_say_that_it_is_no_double(app, round_):
    one, two = make.moderator("Marc Modèle"), make.moderator("Mina Modèle")
    provider = make.provider()
    first, second = (make.fiche_in(RevisionState.VALIDEE, provider, one) for _ in range(2))
    url = f"/moderation/{first.latest.id}/doublons/{second.id}/distinguer"
    codes = together([posting(Visitor(app, who), url) for who in (one, two)], round_)
    assert codes == [303, 303]
    assert db.session.query(DistinctPair).count() == 1
    assert db.session.query(TransitionLog).filter_by(transition="distinguer").count() == 2


@ROUNDS
def test_two_colleagues_contest_the_same_correction(app, taken, round_):
    fiche, moderator, _ = taken
    structure = fiche.organisme
    colleagues = [make.provider("Omar Collègue", structure), make.provider("Oda Collègue", structure)]
    make.step(fiche, "corriger", moderator)
    db.session.expire_all()
    make.step(fiche, "relire", moderator)
    db.session.expire_all()
    make.step(fiche, "valider", moderator)
    db.session.expire_all()
    version, url = str(fiche.latest.id), f"/fiches/{fiche.id}/contester"
    sides = [
        posting(Visitor(app, who), url, version=version, contestation=f"Non, dit {who.name}.") for who in colleagues
    ]
    assert sorted(together(sides, round_)) == [303, 409]
    assert db.session.query(Contestation).count() == 1
    assert db.session.query(TransitionLog).filter_by(transition="contester").count() == 1
