"""The pages of notices: each person's list, the choice of e-mails, the administrator's two lists."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from backoffice.core.clock import clock_at
from backoffice.core.extensions import db, make_queue
from backoffice.models import FailedJob, Mail, MailState, Mute, Notification, RevisionState
from tests.conftest import need
from tests.support import factories as make
from tests.support import services
from tests.support.post_office import open_office
from tests.support.visitor import Visitor
from tests.work.test_jobs import run_worker
from workflows.notices.declared import NOTICES
from workflows.work import failures, jobs


@pytest.fixture
def returned(app):
    """A structure whose fiche was just returned."""
    provider = make.provider()
    fiche = make.fiche_in(RevisionState.A_CORRIGER, provider, make.moderator())
    return provider, fiche


def test_a_new_notice_is_counted_on_every_page_until_it_is_opened(app, returned):
    provider, fiche = returned
    visitor = Visitor(app, provider)
    assert "1 non lu" in visitor.see("/fiches/").text
    listed = visitor.see("/avis/")
    assert "à corriger" in listed.text
    notice = db.session.scalars(select(Notification)).one()
    opened = visitor.post(f"/avis/{notice.id}/ouvrir")
    assert (opened.status_code, opened.headers["Location"]) == (303, f"/fiches/{fiche.id}")
    assert "non lu" not in visitor.see("/fiches/").text


def test_all_may_be_marked_as_read_but_only_ones_own(app, returned):
    other = make.provider("Olga Voisine", make.organisme("Association voisine"))
    make.fiche_in(RevisionState.A_CORRIGER, other, make.moderator("Mina Modèle"))
    Visitor(app, returned[0]).post("/avis/tout-lu")
    db.session.rollback()
    unread = db.session.scalars(select(Notification.user_id).where(Notification.read_at.is_(None))).all()
    assert unread == [other.id]


def test_reading_a_page_marks_nothing(app, returned):
    Visitor(app, returned[0]).get("/avis/")
    db.session.rollback()
    assert db.session.scalars(select(Notification.read_at)).all() == [None]


def test_what_is_obligatory_cannot_be_muted_and_the_rest_can(app, returned):
    provider, _ = returned
    visitor = Visitor(app, provider)
    page = visitor.see("/avis/choix").text
    shown = set(re.findall(r'value="(\w+)" id="message-', page))
    assert "fiche_validee" in shown
    assert "releve_du_jour" not in shown, "un message de modérateur"
    assert re.search(r'value="fiche_renvoyee"[^>]* checked disabled', page)
    visitor.post("/avis/choix", {"messages": ["fiche_envoyee"]})
    db.session.rollback()
    assert set(db.session.scalars(select(Mute.notice))) == {
        name for name in shown if not NOTICES[name].obligatory and name != "fiche_envoyee"
    }
    page = visitor.see("/avis/choix").text
    assert re.search(r'value="fiche_envoyee"[^>]* checked', page)
    assert not re.search(r'value="fiche_validee"[^>]* checked', page)


def test_sending_a_fiche_gives_a_receipt(app):
    provider = make.provider()
    fiche = make.draft(provider)
    with open_office() as office:
        visitor = Visitor(app, provider)
        visitor.see(f"/fiches/{fiche.id}/relecture")
        visitor.post(f"/fiches/{fiche.id}/envoyer")
        visitor.post(f"/fiches/{fiche.id}/envoyer")  # the button pressed twice
        (message,) = office.messages
    assert "Votre fiche est envoyée" in message["Subject"]
    assert "Son numéro est " in message.get_body(("plain",)).get_content()


def test_the_administrator_sees_what_is_refused_and_sends_it_again(app, returned):
    visitor = Visitor(app, make.administrator())
    row = db.session.scalars(select(Mail)).one()
    db.session.execute(update(Mail).values(state=MailState.REFUSE, error="550 personne ici"))
    db.session.commit()
    page = visitor.see("/administration/courriels?etat=refuse")
    assert "550 personne ici" in page.text
    assert "Aucun serveur d’envoi" in page.text
    with open_office() as office:
        visitor.post(f"/administration/courriels/{row.id}/renvoyer")
        assert len(office.messages) == 1
    again = visitor.post(f"/administration/courriels/{row.id}/renvoyer", follow_redirects=True)
    assert "a changé d’état entre-temps" in again.text


@pytest.mark.parametrize("query", ["etat=inconnu", "avant=0", "avant=abc", "avant=99999999999999999999", "etat=%00"])
def test_no_search_breaks_the_list_of_messages(app, returned, query):
    assert Visitor(app, make.administrator()).get(f"/administration/courriels?{query}").status_code == 200


def explode(text: str) -> None:
    raise ValueError(f"rien à faire de {text}")


def test_work_that_fails_here_is_kept_shown_and_asked_again(app):
    admin = make.administrator()
    visitor, address = Visitor(app, admin), admin.email
    jobs.start("tests.notices.test_inbox.explode", ["ceci"])
    page = visitor.see("/administration/travaux").text
    assert "ValueError" in page
    assert "rien à faire de ceci" not in page, "ce qu’une erreur dit peut nommer quelqu’un"
    row = db.session.scalars(select(FailedJob)).one()
    first = row.failed_at
    assert visitor.post(f"/administration/travaux/{row.id}/recommencer").status_code == 303
    db.session.rollback()
    db.session.expire_all()
    assert db.session.scalars(select(FailedJob.failed_at)).one() > first  # it failed anew
    told = db.session.scalars(select(Mail).where(Mail.notice == "travail_en_echec")).all()
    assert [mail.address for mail in told] == [address]  # once a day, not at each failure
    assert "ceci" not in told[0].text


def test_the_administrators_are_told_of_it_once_each_day_of_paris(app):
    make.administrator()
    for minutes, mails in ((0, 1), (10, 1), (40, 2)):  # at 23:30, at 23:40, then at 0:10 on the first of January
        with clock_at(datetime(2026, 12, 31, 22, 30, tzinfo=UTC) + timedelta(minutes=minutes)):
            jobs.start("tests.notices.test_inbox.explode", ["ceci"])
        told = db.session.scalars(select(Mail).where(Mail.notice == "travail_en_echec")).all()
        assert len(told) == mails


@pytest.mark.committed
@pytest.mark.redis
def test_work_that_fails_in_a_worker_is_in_the_registry_and_on_the_page(app):
    need("redis")
    admin = make.administrator()
    visitor, address = Visitor(app, admin), admin.email
    queue = make_queue(services.REDIS, f"essai-{uuid.uuid4().hex}")
    before, app.extensions["relais_jobs"] = app.extensions["relais_jobs"], queue
    try:
        jobs.start("tests.notices.test_inbox.explode", ["cela"])
        run_worker(app, queue)
        (failed,) = failures.failed(db.session())
        assert failed.reason == "ValueError"
        assert "ValueError" in visitor.see("/administration/travaux").text
        assert visitor.post(f"/administration/travaux/{failed.id}/recommencer").status_code == 303
        assert failures.failed(db.session()) == []
        (job,) = queue.jobs
        assert job.args == ["tests.notices.test_inbox.explode", "cela"]
        told = db.session.scalars(select(Mail).where(Mail.notice == "travail_en_echec")).all()
        assert [mail.address for mail in told] == [address]
    finally:
        app.extensions["relais_jobs"] = before
        queue.delete()
        queue.connection.close()


@pytest.mark.parametrize("failed_id", ["0", "999999", "9" * 40, "n-existe-pas", "٣"])
def test_unknown_work_is_no_page(app, failed_id):
    visitor = Visitor(app, make.administrator())
    assert visitor.post(f"/administration/travaux/{failed_id}/recommencer").status_code == 404
