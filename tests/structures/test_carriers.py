"""Associations without numbers: what is exported in each case, and how a carrier is asked."""

from __future__ import annotations

import re
import zlib
from datetime import timedelta

import pytest
from lxml import etree
from sqlalchemy import select

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.models import Dispositif, Fiche, Mail, RevisionState, Support, TransitionLog
from backoffice.models.content import Porteuse
from exports.fragment.check import HEAD, TAIL
from exports.lheo.business_rules import examine
from forms.fiches.paths import PATHS
from forms.fiches.review import review
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.visitor import Visitor
from workflows.case import Refused

SIRET = "73282932000074"
CARRIER = Porteuse("Fédération des Tilleuls", SIRET, "Direction@federation.example")
ASL = PATHS[Dispositif.ASL]


def carried():
    content = make.complete_content()
    content.structure.siret = ""
    content.structure.porteuse = Porteuse(**vars(CARRIER))
    return content


@pytest.fixture
def waiting(nadia, marc):
    """A fiche of a carried structure, which a moderator has taken."""
    return make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc, carried())


def link(name: str = "structure_porteuse") -> str:
    (mail,) = db.session.scalars(select(Mail).where(Mail.notice == name)).all()
    found = re.search(r"/porteuse/[\w-]+", mail.text)
    assert found
    return found[0]


def published(fiche: Fiche) -> etree._Element:
    xml = zlib.decompress(fiche.latest.fragment.xml).decode()
    assert examine(etree.fromstring(HEAD + xml + TAIL), flow=True) == []
    return etree.fromstring(xml)


def approve(fiche: Fiche, marc) -> Fiche:
    db.session.expire_all()
    make.step(db.session.get_one(Fiche, fiche.id), "valider", marc)
    return db.session.get_one(Fiche, fiche.id)


def test_the_carrier_is_asked_by_e_mail_and_the_fiche_waits_for_its_answer(app, waiting, marc):
    (mail,) = db.session.scalars(select(Mail).where(Mail.notice == "structure_porteuse")).all()
    assert mail.address == "direction@federation.example"
    assert "Centre social des Tilleuls" in mail.text
    with pytest.raises(Refused, match="n’a pas encore confirmé"):
        make.step(waiting, "valider", marc)
    db.session.rollback()
    page = open_page(Visitor(app), link())
    assert "Fédération des Tilleuls" in page.text
    assert SIRET in page.text
    page = page.send(reponse="oui")
    assert "oui, nous la portons" in page.text

    root = published(approve(waiting, marc)).find("organisme-formation-responsable")
    assert root.findtext("SIRET-organisme-formation/SIRET") == SIRET
    assert root.findtext("nom-organisme") == "Centre social des Tilleuls"
    assert root.findtext("raison-sociale") == "Fédération des Tilleuls"
    assert root.findtext("numero-activite") == "00000000000"
    assert "direction@federation" not in etree.tostring(root, encoding="unicode").lower()


def test_a_carrier_that_says_no_keeps_the_fiche_offline_and_may_change_its_mind(app, waiting, marc):
    address = link()
    open_page(Visitor(app), address).send(reponse="non")
    with pytest.raises(Refused, match="ne porte pas cette structure"):
        make.step(waiting, "valider", marc)
    db.session.rollback()
    page = open_page(Visitor(app), address)
    assert "non, nous ne la portons pas" in page.text
    page.send(reponse="oui")
    assert approve(waiting, marc).latest.state is RevisionState.VALIDEE


def test_it_is_asked_once_for_all_the_fiches_of_the_structure(app, nadia, marc, waiting):
    make.fiche_in(RevisionState.SOUMISE, nadia, marc, carried())
    assert db.session.query(Support).count() == 1
    other = carried()
    other.structure.porteuse.courriel = "mairie@ville.example"
    make.fiche_in(RevisionState.SOUMISE, nadia, marc, other)
    assert db.session.query(Support).count() == 2


def test_an_answer_that_is_none_changes_nothing(app, waiting):
    page = open_page(Visitor(app), link()).send(reponse="peut-être")
    assert page.status == 422
    assert "Choisissez l’une des deux réponses" in page.text
    assert db.session.scalars(select(Support.accepted)).all() == [None]
    assert open_page(Visitor(app), "/porteuse/inconnu").status == 404


def test_the_base_does_not_hold_the_token(app, waiting):
    token = link().rpartition("/")[2]
    assert token not in str(db.session.execute(select(Support.token_hash)).all())


@pytest.mark.parametrize("name", ["nom", "siret", "courriel"])
def test_a_carrier_is_named_whole(name):
    content = carried()
    setattr(content.structure.porteuse, name, "")
    assert f"structure-porteuse-{name}" in {finding.path for finding in review(content, ASL, {}).blocking}


def test_a_structure_that_has_its_own_number_asks_nobody(app, nadia, marc):
    content = carried()
    content.structure.siret = make.SIRET
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc, content)
    assert db.session.query(Support).count() == 0
    assert published(fiche).findtext("organisme-formation-responsable/SIRET-organisme-formation/SIRET") == make.SIRET


def test_without_carrier_nor_number_it_is_asked_for_save_where_the_territoire_does_without(app, marc):
    content = make.complete_content()
    content.structure.siret = ""
    assert {finding.path for finding in review(content, ASL, {}).blocking} == {"structure-siret"}
    assert review(content, ASL, {}, siret_required=False).complete
    pacific = make.provider("Paul Pacifique", make.organisme("Maison du Pacifique", "nouvelle-caledonie"))
    moderator = make.moderator("Mia Mer", "nouvelle-caledonie")
    for lieu in content.lieux:
        lieu.adresse = make.town("98818")
    fiche = make.fiche_in(RevisionState.VALIDEE, pacific, moderator, content)
    root = published(fiche)
    assert root.findtext("organisme-formation-responsable/SIRET-organisme-formation/SIRET") == "0" * 14
    assert root.findtext("organisme-formation-responsable/numero-activite") == "0" * 11


def test_the_review_shows_what_will_be_exported(app, nadia):
    fiche = make.draft(nadia, carried())
    page = open_page(Visitor(app, nadia), f"/fiches/{fiche.id}/relecture")
    assert "Fédération des Tilleuls" in page.words("//article")
    assert SIRET in page.words("//article")
    assert "00000000000" in page.words("//article")


# --- A carrier that does not answer -----------------------------------------------------------------


def press(app, marc, fiche, action, **data):
    visitor = Visitor(app, marc)
    visitor.see(f"/moderation/{fiche.latest.id}")
    return visitor.post(f"/moderation/{fiche.latest.id}/porteuse/{action}", data)


def messages() -> list[str]:
    rows = db.session.scalars(select(Mail).where(Mail.notice == "structure_porteuse").order_by(Mail.id))
    return [re.search(r"/porteuse/[\w-]+", mail.text)[0] for mail in rows]


def test_a_moderator_writes_again_after_a_day_and_the_old_link_dies(app, waiting, marc):
    assert press(app, marc, waiting, "relancer").status_code == 409
    assert len(messages()) == 1, "un message par jour au plus"
    db.session.query(Support).update({"asked_at": now() - timedelta(days=1)})
    db.session.commit()
    assert press(app, marc, waiting, "relancer").status_code == 303
    old, new = messages()
    assert Visitor(app).get(old).status_code == 404
    open_page(Visitor(app), new).send(reponse="oui")
    approve(waiting, marc)
    assert "Structure porteuse relancée" in Visitor(app, marc).see(f"/historique/{waiting.id}").text


def test_a_moderator_notes_an_agreement_given_otherwise_and_says_how(app, waiting, marc):
    answer = press(app, marc, waiting, "confirmer", commentaire="  ")
    assert answer.status_code == 409
    assert "Dites comment la structure porteuse a donné son accord" in answer.text
    assert press(app, marc, waiting, "confirmer", commentaire="Courrier du 3 mars.").status_code == 303
    row = db.session.query(TransitionLog).filter_by(transition="confirmer_porteuse").one()
    assert (row.comment, row.actor_id) == ("Fédération des Tilleuls : Courrier du 3 mars.", marc.id)
    approve(waiting, marc)
    assert press(app, marc, waiting, "relancer").status_code == 409, "rien à redemander"


def test_an_agreement_can_be_noted_after_a_refusal(app, waiting, marc):
    open_page(Visitor(app), link()).send(reponse="non")
    assert "Pas d’accord" in Visitor(app, marc).see(f"/moderation/{waiting.latest.id}").text
    assert press(app, marc, waiting, "confirmer", commentaire="Ils se sont trompés.").status_code == 303
    approve(waiting, marc)


def test_a_version_without_carrier_has_nothing_to_ask(app, nadia, marc):
    fiche = make.fiche_in(RevisionState.EN_INSTRUCTION, nadia, marc)
    assert "Structure porteuse" not in open_page(Visitor(app, marc), f"/moderation/{fiche.latest.id}").words("//h2")
    assert press(app, marc, fiche, "confirmer", commentaire="Pourquoi pas.").status_code == 409
