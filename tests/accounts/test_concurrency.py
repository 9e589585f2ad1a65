"""Two people at once, on real connections: one request is decided once, the last responsable and the last
administrator stay, an invitation serves once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from backoffice.core.extensions import db
from backoffice.core.passwords import new_token, token_hash
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import (
    Invitation,
    JoinRequest,
    Login,
    Membership,
    Revision,
    RevisionState,
    TransitionLog,
    User,
)
from tests.support import factories as make
from tests.support.visitor import Visitor
from workflows.accounts import deactivation, invitations, joining

pytestmark = pytest.mark.committed

ROUNDS = range(3)


def together(*acts: Callable[[], object]) -> list[int]:
    """Starts all at the same moment; gives the status of each answer."""
    db.session.remove()
    start = threading.Barrier(len(acts))

    def run(act):
        start.wait()
        return act().status_code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def ready(app, user: User, page: str = "/mes-structures/") -> Visitor:
    made = Visitor(app, user)
    made.see(page)
    return made


@pytest.fixture
def pair(app):
    """Two responsables of one structure."""
    structure = make.organisme()
    return make.provider("Nadia Exemple", structure), make.provider("Omar Second", structure)


@pytest.mark.parametrize("round_", ROUNDS)
def test_a_request_decided_by_two_at_once_is_decided_once(app, pair, round_):
    structure_id = pair[0].memberships[0].organisme_id
    with atomic() as session:
        request_id = joining.ask(session, make.user("Paul Demande"), structure_id, "C’est moi.").id
    page = f"/structures/{structure_id}/membres"
    one, two = (ready(app, user, page) for user in pair)
    path = f"/structures/{structure_id}/demandes/{request_id}"
    answers = together(lambda: one.post(path, {"reponse": "saisie"}), lambda: two.post(path, {"reponse": "refuser"}))
    assert sorted(answers) == [303, 409]
    request = db.session.get_one(JoinRequest, request_id)
    joined = db.session.scalar(select(func.count()).where(Membership.user_id == request.user_id))
    assert (str(request.state), joined) in (("acceptee", 1), ("refusee", 0))


@pytest.mark.parametrize("round_", ROUNDS)
def test_the_same_person_asking_twice_at_once_makes_one_request(app, pair, round_):
    structure_id = pair[0].memberships[0].organisme_id
    paul = make.user("Paul Demande")
    db.session.commit()
    by = [ready(app, paul), ready(app, paul)]
    path = f"/mes-structures/rejoindre/{structure_id}"
    answers = together(*(lambda one=one: one.post(path, {"mots": "C’est moi."}) for one in by))
    assert answers == [303, 303]
    assert db.session.scalar(select(func.count()).select_from(JoinRequest)) == 1


@pytest.mark.parametrize("round_", ROUNDS)
def test_two_responsables_leaving_at_once_leave_one(app, pair, round_):
    structure_id = pair[0].memberships[0].organisme_id
    by = [ready(app, user) for user in pair]
    path = f"/mes-structures/{structure_id}/quitter"
    answers = together(*(lambda one=one: one.post(path) for one in by))
    assert sorted(answers) == [303, 409]
    assert db.session.scalar(select(func.count()).where(Membership.organisme_id == structure_id)) == 1


@pytest.mark.parametrize("round_", ROUNDS)
def test_two_administrators_closing_each_other_leave_one(app, round_):
    ids = [make.administrator("Alma Admin").id, make.administrator("Aude Seconde").id]
    by = [ready(app, db.session.get_one(User, id_), "/administration") for id_ in ids]
    paths = [f"/administration/comptes/{id_}/desactiver" for id_ in reversed(ids)]
    answers = together(*(lambda one=one, path=path: one.post(path) for one, path in zip(by, paths, strict=True)))
    # The slower one is told no, or finds their connection closed.
    assert 303 in answers
    active = db.session.scalars(select(User.id).where(User.administrator, User.active)).all()
    assert len(active) == 1


@pytest.mark.parametrize("round_", ROUNDS)
def test_a_link_opened_twice_at_once_makes_one_account(app, pair, round_):
    structure = pair[0].memberships[0].organisme
    token = new_token()
    with atomic() as session:
        made = invitations.invite(session, pair[0], "awa@exemple.fr", invitations.Offer(Role.SAISIE, structure))
        made.token_hash = token_hash(token)
    path = f"/invitation/{token}"
    by = [Visitor(app), Visitor(app)]
    for one in by:
        one.see(path)
    said = {"nom": "Awa", "nouveau": "une-longue-phrase-secrète", "encore": "une-longue-phrase-secrète"}
    answers = together(*(lambda one=one: one.post(path, said) for one in by))
    assert sorted(answers) == [303, 409]
    assert db.session.scalar(select(func.count()).where(User.email == "awa@exemple.fr")) == 1
    assert db.session.scalars(select(Invitation.accepted_by_id)).one() is not None


@pytest.mark.parametrize("round_", ROUNDS)
def test_nothing_stays_in_the_hands_of_a_moderator_closed_while_taking(app, pair, round_):
    marc, alma = make.moderator(), make.administrator()
    fiche = make.fiche_in(RevisionState.SOUMISE, pair[0], marc)
    revision_id, marc_id = fiche.latest.id, marc.id
    his, hers = ready(app, marc, "/moderation/"), ready(app, alma, "/administration")
    answers = together(
        lambda: his.post(f"/moderation/{revision_id}/prendre"),
        lambda: hers.post(f"/administration/comptes/{marc_id}/desactiver"),
    )
    assert answers[1] == 303
    deactivation.sweep()
    db.session.expire_all()
    assert db.session.get_one(Revision, revision_id).state is RevisionState.SOUMISE
    names = db.session.scalars(select(TransitionLog.transition).order_by(TransitionLog.id)).all()
    assert names.count("prendre") == names.count("liberer")
    assert db.session.scalar(select(func.count()).where(Login.user_id == marc_id)) == 0
