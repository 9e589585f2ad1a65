from backoffice.models import RevisionState

from . import factories as make
from .visitor import Visitor


def test_ways(app):
    p, m = make.provider(), make.moderator()
    for state in RevisionState:
        fiche = make.fiche_in(state, p, m)
        assert fiche.revisions[0].state is state
    v = Visitor(app, m)
    assert v.get("/moderation/").status_code == 200
