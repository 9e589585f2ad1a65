"""What the readers refuse is neither sent nor approved; what is published stays online and is listed."""

from __future__ import annotations

import pytest

from backoffice.core.extensions import db
from backoffice.models import FicheState, LotAction, Revision, RevisionState
from backoffice.models.content import dump, fingerprint
from backoffice.models.transition_names import FicheTransition
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.statements import queries_of
from tests.support.visitor import Visitor
from workflows.case import Refused
from workflows.fiches import operations, published_faults
from workflows.moderation import lots
from workflows.work.schedule import SCHEDULE

FAULT = "« néant » n’est pas un numéro de téléphone".replace("« ", "«\N{NO-BREAK SPACE}").replace(
    " »", "\N{NO-BREAK SPACE}»"
)


@pytest.fixture
def nadia(app):
    return make.provider()


@pytest.fixture
def marc(app, nadia):
    return make.moderator()


def wrong():
    content = make.complete_content()
    content.structure.contact.telephone = "néant"
    return content


def spoil(revision: Revision) -> None:
    """Stores a content as an earlier release, with easier readers, had frozen it."""
    document = dump(wrong())
    row = {"document": document, "content_hash": fingerprint(document)}
    db.session.execute(db.update(Revision).where(Revision.id == revision.id).values(**row))
    db.session.commit()
    db.session.expire_all()


def test_what_reached_the_draft_is_not_sent(nadia):
    fiche = make.draft(nadia, wrong())
    with pytest.raises(Refused) as refused:
        make.step(fiche, FicheTransition.SOUMETTRE, nadia)
    assert any(FAULT in finding.message for finding in refused.value.findings)
    assert fiche.latest.state is RevisionState.BROUILLON


def test_the_approval_is_refused_with_the_reason_of_each_field(app, nadia, marc):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    spoil(fiche.latest)
    desk = Visitor(app, marc)
    answer = desk.post(f"/moderation/{fiche.latest.id}/valider", {})
    assert answer.status_code in (409, 422)
    assert "ne peut pas être publiée en l’état" in answer.text
    assert FAULT in answer.text
    db.session.expire_all()
    assert fiche.latest.state is RevisionState.EN_INSTRUCTION


def test_a_lot_says_the_reason_before(nadia, marc):
    fiche = make.fiche_in(RevisionState.SOUMISE, nadia, marc)
    spoil(fiche.latest)
    lot = lots.prepare(db.session(), marc, LotAction.VALIDER, [fiche.latest])
    assert FAULT in (lot.lines[0].obstacle or "")


def test_what_is_published_stays_online_and_is_listed_until_it_is_corrected(app, nadia, marc):
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc)
    fragment = fiche.fragment_id
    desk, home = Visitor(app, marc), Visitor(app, nadia)
    published_faults.look()
    db.session.expire_all()
    assert not fiche.faulty
    spoil(fiche.latest)
    published_faults.look()
    db.session.expire_all()
    assert (fiche.faulty, fiche.state, fiche.fragment_id) == (True, FicheState.PUBLIEE, fragment)
    for visitor, page in ((home, "/fiches/"), (home, f"/fiches/{fiche.id}"), (desk, f"/moderation/{fiche.latest.id}")):
        assert FAULT in open_page(visitor, page).text, page
    listed = "/moderation/?onglet=traitees&alerte=reponse"
    assert len(open_page(desk, listed).dom.xpath("//tbody/tr")) == 1
    draft = operations.open_draft(db.session(), fiche.id, nadia)
    db.session.commit()
    with pytest.raises(Refused):
        make.step(fiche, FicheTransition.SOUMETTRE, nadia)
    db.session.rollback()
    operations.save_draft(db.session(), draft, make.complete_content(), {}, nadia)
    db.session.commit()
    for name, by in (
        (FicheTransition.SOUMETTRE, nadia),
        (FicheTransition.PRENDRE, marc),
        (FicheTransition.VALIDER, marc),
    ):
        make.step(fiche, name, by)
    assert not fiche.faulty
    assert open_page(desk, listed).dom.xpath("//tbody/tr") == []


def test_a_correction_by_a_moderator_goes_through_the_same_readers(nadia, marc):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    make.step(fiche, FicheTransition.CORRIGER, marc)
    operations.save_draft(db.session(), fiche.latest, wrong(), {}, marc)
    db.session.commit()
    with pytest.raises(Refused):
        make.step(fiche, FicheTransition.RELIRE, marc)


def test_the_lists_ask_as_many_queries_whatever_the_number_of_faults(app, nadia, marc):
    counts = []
    for number in (1, 4):
        for _ in range(number):
            spoil(make.fiche_in(RevisionState.VALIDEE, nadia, marc).latest)
        published_faults.look()
        counts.append(queries_of(Visitor(app, nadia), "/fiches/"))
    assert counts[0] == counts[1]


def test_it_is_looked_at_each_night():
    assert SCHEDULE["fautes"].function == "workflows.fiches.published_faults.look"
