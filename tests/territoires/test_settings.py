"""The settings of a territoire: read, changed by its moderators, each change kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backoffice.core.clock import clock_at, now
from backoffice.core.dates import local_day, long_day
from backoffice.core.extensions import db
from backoffice.core.permissions import Role
from backoffice.models import Assignment, Change, Mail, RevisionState, Territoire
from forms.territoires.settings import SETTINGS, sent_value
from tests.support import factories as make
from tests.support.pages import Page, open_page
from tests.support.visitor import Visitor
from workflows.case import Refused
from workflows.fiches import fast_lane
from workflows.fiches.provider_reminders import ended_fiches, sleeping_drafts
from workflows.notices.audiences import Addressee, Told
from workflows.notices.declared import NOTICES
from workflows.notices.letters import write
from workflows.territoires.settings import change_settings

PAGE = "/moderation/reglages/normandie"
USUAL = {
    column.name: column.default.arg
    for column in Territoire.__table__.columns
    if column.default is not None and column.default.is_scalar
}
SAME = {setting.name: sent_value(setting, Territoire(**USUAL)) for setting in SETTINGS}


def settings():
    db.session.expire_all()
    territoire = make.territoire()
    return territoire.delai_instruction, territoire.siret_obligatoire


def test_every_setting_is_a_column_of_the_territoire():
    assert {setting.name for setting in SETTINGS} <= set(Territoire.__table__.columns.keys())


def test_a_moderator_of_one_territoire_is_led_to_it(app, marc):
    assert Visitor(app, marc).get("/moderation/reglages/").headers["Location"] == PAGE


def test_a_moderator_of_several_chooses(app, marc):
    marc.assignments.append(Assignment(role=Role.MODERATEUR, territoire=make.territoire("grand-est")))
    db.session.commit()
    page = open_page(Visitor(app, marc), "/moderation/reglages/")
    assert [link.text for link in page.dom.xpath("//main//h2/a")] == ["Grand Est", "Normandie"]


def test_what_is_changed_is_kept_with_who_changed_it(app, marc):
    visitor = Visitor(app, marc)
    assert visitor.post(PAGE, {**SAME, "delai_instruction": " 8 ", "siret_obligatoire": "0"}).status_code == 303
    assert settings() == (8, False)
    words = open_page(visitor, PAGE).words()
    assert f"{marc.name} : « Jours ouvrés pour répondre à une structure », de 5 jours ouvrés à 8 jours ouvrés" in words
    assert "de Oui à Non" in words


def test_saying_the_same_again_writes_nothing(app, marc):
    assert Visitor(app, marc).post(PAGE, SAME).status_code == 303
    assert db.session.query(Change).count() == 0


@pytest.mark.parametrize("typed", ["", "0", "61", "cinq", "-3", "5.5", "²", "9" * 300])
def test_a_delay_that_cannot_be_is_told_at_its_field_and_stays_typed(app, marc, typed):
    visitor = Visitor(app, marc)
    page = Page(visitor, visitor.post(PAGE, {**SAME, "delai_instruction": typed}))
    assert page.status == 422
    assert page.error("delai_instruction") == "Écrivez un nombre de jours, de 1 à 60."
    assert page.shown("delai_instruction") == [typed[:20]]
    assert settings() == (5, True)


def test_a_choice_that_is_none_is_told(app, marc):
    visitor = Visitor(app, marc)
    page = Page(visitor, visitor.post(PAGE, {**SAME, "siret_obligatoire": "peut-être"}))
    assert page.status == 422
    assert page.error("siret_obligatoire") == "Choisissez oui ou non."


def test_only_its_moderators_change_a_territoire(app, marc):
    with pytest.raises(Refused):
        change_settings(db.session(), make.territoire("grand-est").id, {"delai_instruction": 1}, marc)


@pytest.mark.parametrize("order", ["UPDATE change SET after = 'x'", "DELETE FROM change"])
def test_the_base_itself_refuses_that_a_change_be_rewritten(app, marc, order):
    Visitor(app, marc).post(PAGE, {**SAME, "delai_instruction": "9"})
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(order))
    db.session.rollback()


def test_every_text_is_bounded_and_what_is_wrong_is_told_at_its_field(app, marc):
    visitor = Visitor(app, marc)
    wrong = {"contact_courriel": "accueil", "contact_telephone": "12", "contact_site": "javascript:alert(1)"}
    wrong |= {setting.name: "é" * (setting.longest + 1) for setting in SETTINGS if setting.area}
    page = Page(visitor, visitor.post(PAGE, {**SAME, **wrong}))
    assert page.status == 422
    for name, typed in wrong.items():
        assert page.error(name)
        assert page.shown(name) == [typed]
    assert visitor.post(PAGE, {}).status_code == 422
    assert visitor.post(PAGE, {**SAME, "texte_accueil": "\x00Bonjour\x00"}).status_code == 303
    assert make.territoire().texte_accueil == "Bonjour"


def test_the_contact_and_the_words_are_read_where_they_help_and_never_as_markup(app, marc, nadia):
    said = {
        "contact_nom": "Carif-Oref d’exemple",
        "contact_courriel": "accueil@carif.example",
        "contact_telephone": "02 61 91 00 00",
        "contact_site": "www.carif.example",
        "texte_accueil": "Bienvenue !\n\n<script>alert(1)</script>",
        "texte_envoi": "Nous lisons les fiches <b>le mardi</b>.",
        "texte_courriels": "Bien à vous,\nl’équipe <i>FLE</i>",
    }
    assert Visitor(app, marc).post(PAGE, {**SAME, **said}).status_code == 303
    visitor = Visitor(app, nadia)
    fiche = make.draft(nadia)
    for url in ("/fiches/", "/fiches/nouvelle"):
        page = open_page(visitor, url)
        assert "<script>alert(1)</script>" in page.words()  # as text
        assert not page.dom.xpath("//main//script")
    for url in ("/fiches/", "/fiches/nouvelle", f"/fiches/{fiche.id}/saisie/structure", "/aide/"):
        page = open_page(visitor, url)
        assert "Carif-Oref d’exemple vous répond : accueil@carif.example, 02 61 91 00 00" in page.words(), url
        assert page.dom.xpath("//a[@href='https://www.carif.example']")
    visitor.post(f"/fiches/{fiche.id}/envoyer", {})
    assert "Nous lisons les fiches <b>le mardi</b>." in open_page(visitor, f"/fiches/{fiche.id}/envoyee").words()
    mail = db.session.query(Mail).filter_by(notice="fiche_envoyee").one()
    assert "Bien à vous,\nl’équipe <i>FLE</i>" in mail.text
    assert "Carif-Oref d’exemple : accueil@carif.example, 02 61 91 00 00, https://www.carif.example" in mail.text
    assert "l’équipe &lt;i&gt;FLE&lt;/i&gt;" in mail.html
    kept = {change.name: change.after for change in db.session.query(Change)}
    assert (kept["contact_courriel"], kept["contact_telephone"]) == ("modifié", "modifié")
    assert "accueil@" not in str(kept)
    assert make.territoire().contact_telephone == "+33261910000"
    assert open_page(Visitor(app, marc), PAGE).shown("contact_telephone") == ["02 61 91 00 00"]
    facts = {"a_prendre": 1, "en_cours": 0, "en_retard": 0, "plus_anciennes": []}
    digest = Told(db.session(), territoire=make.territoire(), facts=facts)
    letter = write(NOTICES["releve_du_jour"], digest, Addressee(marc.email, marc.name, marc.id), "")
    assert "Bien à vous" not in letter.text  # its own moderators know who they are


def test_the_delays_of_a_territoire_count_for_its_reminders_and_its_fast_lane(app, marc, nadia):
    fiche = make.fiche_in(RevisionState.VALIDEE, nadia, marc)
    make.draft(nadia)
    delays = {
        "rappel_brouillon": "12",
        "dernier_rappel_brouillon": "40",
        "delai_archivage": "60",
        "decalage_dates": "3",
    }
    assert Visitor(app, marc).post(PAGE, {**SAME, **delays}).status_code == 303
    told = []
    for days in (9, 13, 39, 41):
        with clock_at(now() + timedelta(days=days)):
            told.append([due.facts["jours"] for due in sleeping_drafts(db.session(), local_day(now()))])
    assert told == [[], [12], [12], [40]]
    page = open_page(Visitor(app, nadia), f"/fiches/{fiche.id}/places")
    assert "3 jours de décalage au plus." in page.words()
    session = fiche.published_revision.content.actions[0].sessions[0]
    far = fast_lane.Change(action="G2", session=session.id, debut=session.debut + timedelta(days=4))
    with pytest.raises(Refused, match="3 jours au plus"):
        fast_lane.update_session(db.session(), fiche.id, far, nadia)
    ended = {due.facts["archivage"] for due in ended_fiches(db.session(), session.fin + timedelta(days=1))}
    assert ended == {long_day(session.fin + timedelta(days=60))}
