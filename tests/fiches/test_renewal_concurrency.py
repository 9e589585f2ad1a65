"""Colleagues who renew the same fiche at once, moderators who invite at once: one draft, one e-mail a person."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from backoffice.core.extensions import db
from backoffice.core.permissions import Role
from backoffice.models import CampaignInvitation, Mail, Membership, Revision, RevisionState, TransitionLog
from backoffice.models.transition_names import FicheTransition
from tests.support import factories as make
from tests.support.visitor import Visitor

pytestmark = pytest.mark.committed


def together(visitors, url, data=None):
    """Everybody presses at the same moment; what each is answered."""
    start = threading.Barrier(len(visitors))

    def press(visitor):
        start.wait()
        return visitor.post(url, data)

    with ThreadPoolExecutor(len(visitors)) as pool:
        return [answer.status_code for answer in pool.map(press, visitors)]


@pytest.mark.parametrize("round_", range(3))
def test_two_colleagues_renew_the_same_fiche(app, round_):
    nadia = make.provider()
    nour = make.user("Nour Collègue")
    nour.memberships.append(Membership(role=Role.SAISIE, organisme=nadia.memberships[0].organisme))
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, make.moderator())
    fiche_id, visitors = fiche.id, [Visitor(app, nadia), Visitor(app, nour)]
    db.session.remove()
    assert together(visitors, "/fiches/reconduire", {"fiche": str(fiche_id)}) == [303, 303]
    assert db.session.query(Revision).filter_by(fiche_id=fiche_id).count() == 2
    assert db.session.query(TransitionLog).filter_by(transition=FicheTransition.RECONDUIRE).count() == 1


@pytest.mark.parametrize("round_", range(3))
def test_two_moderators_invite_at_the_same_moment(app, round_):
    marc, mina = make.moderator(), make.moderator("Mina Modèle")
    for rank in range(3):
        provider = make.provider(f"Nina {rank}", make.organisme(f"Association {rank}"))
        make.fiche_in(RevisionState.VALIDEE, provider, marc)
    campaign_id, visitors = make.campaign(marc).id, [Visitor(app, marc), Visitor(app, mina)]
    db.session.remove()
    assert together(visitors, f"/moderation/campagnes/{campaign_id}/inviter") == [303, 303]
    assert db.session.query(CampaignInvitation).count() == 3
    assert db.session.query(Mail).filter_by(notice="campagne_invitation").count() == 3
