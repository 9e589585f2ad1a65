"""Reminding: three clicks, one a week at most, never when nothing lacks any more, told in the history."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import (
    Assignment,
    ContactState,
    Mail,
    ObligationEvent,
    ObligationKind,
    Reminder,
    ReminderState,
)
from backoffice.queries.conventions.board_filters import ALL, WHAT
from tests.support import factories as make
from tests.support.pages import open_page
from tests.support.post_office import open_office
from tests.support.visitor import Visitor
from workflows.conventions import reminders
from workflows.conventions.obligations import apply
from workflows.work.schedule import SCHEDULE

pytestmark = pytest.mark.dates

CARTE, INFO, PNE = ObligationKind
LIST = "/suivi/relances?annee=2026"


@pytest.fixture
def visitor(app, flora):
    return Visitor(app, flora)


@pytest.fixture
def convention(flora, nadia):
    return make.convention(flora, nadia.memberships[0].organisme, contact_pne="enquete@tilleuls.example")


def mails(notice="relance_subvention"):
    db.session.expire_all()
    return db.session.scalars(select(Mail).where(Mail.notice == notice).order_by(Mail.id)).all()


def reminded():
    db.session.expire_all()
    return db.session.scalars(select(ObligationEvent).where(ObligationEvent.transition == "relancer")).all()


def states():
    db.session.expire_all()
    return [row.state for row in db.session.scalars(select(Reminder).order_by(Reminder.id))]


def remind(visitor, address=LIST, **said):
    """From the list, whose projects are all ticked."""
    page = open_page(visitor, address)
    return page.type(said).send(follow=False)


def test_choose_see_send(visitor, convention, nadia):
    page = open_page(visitor, "/suivi/?annee=2026&etat=hors-carte")
    (link,) = [link for link in page.links("//main") if "/relances" in link]
    page = open_page(visitor, link)
    assert "publier la fiche de l’action" in page.words()
    assert "Centre social" in page.words()
    answer = page.type({"message": "Merci d’avance.\nLe service intégration"}).send()
    assert "1 relance demandée" in answer.words()
    (mail,) = mails()
    assert mail.address == nadia.email
    assert "publier la fiche de l’action" in mail.text
    assert "> Merci d’avance." in mail.text
    assert "enquête" not in mail.text.replace("l’enquête", "enquête") or "PNE" not in mail.text
    (event,) = reminded()
    assert event.obligation.kind is CARTE
    assert event.comment.startswith("Merci d’avance.")
    assert "Relancé" in open_page(visitor, "/suivi/?annee=2026").words()


def test_all_that_lacks_is_told_when_nothing_was_chosen(visitor, convention):
    remind(visitor)
    assert {event.obligation.kind for event in reminded()} == set(ObligationKind)


def test_the_survey_s_address_gets_its_link_and_the_board_turns(visitor, convention, app):
    remind(visitor, f"{LIST}&etat=pne-adresse")
    (asked,) = mails("adresse_enquete")
    assert asked.address == "enquete@tilleuls.example"
    link = re.search(r"/adresse-enquete/\S+", asked.text)[0]
    reader = Visitor(app)
    page = open_page(reader, link)
    page.send()
    db.session.expire_all()
    assert convention.contact_state is ContactState.CONFIRMEE
    assert "0" in open_page(visitor, "/suivi/?annee=2026&etat=pne-adresse").words("//h2[@id='projets']")


def test_one_a_week_unless_one_insists(visitor, convention):
    remind(visitor)
    assert "Déjà relancé" in open_page(visitor, LIST).words()
    remind(visitor)
    assert states() == [ReminderState.ENVOYEE, ReminderState.TROP_TOT]
    assert len(mails()) == len({mail.address for mail in mails()})
    remind(visitor, insister="1")
    assert states()[-1] is ReminderState.ENVOYEE


@pytest.mark.parametrize(("days", "expected"), [(6, ReminderState.TROP_TOT), (8, ReminderState.ENVOYEE)])
def test_a_week_later_it_may_be_reminded_again(visitor, flora, convention, days, expected):
    with clock_at(now() - timedelta(days=days)), atomic() as session:
        reminders.ask(session, flora, [convention], ALL, key="a")
    with clock_at(now() - timedelta(days=days)):
        reminders.send()
    remind(visitor)
    assert states() == [ReminderState.ENVOYEE, expected]


def test_a_funder_who_left_writes_to_nobody_any_more(flora, convention, monkeypatch):
    monkeypatch.setattr(reminders, "enqueue", lambda *_: None)
    with atomic() as session:
        reminders.ask(session, flora, [convention], ALL, key="a")
    with atomic() as session:
        session.merge(flora).active = False
    reminders.send()
    assert states() == [ReminderState.INUTILE]
    assert mails() == reminded() == []


def test_the_same_page_sent_twice_reminds_once(visitor, convention):
    page = open_page(visitor, LIST).type({"insister": "1"})
    page.send(follow=False)
    page.send(follow=False)
    assert states() == [ReminderState.ENVOYEE]
    assert len(reminded()) == len(ObligationKind)


def test_what_is_met_meanwhile_is_left_alone(flora, convention, monkeypatch):
    """Asked, then settled before the job runs."""
    monkeypatch.setattr(reminders, "enqueue", lambda *_: None)
    with atomic() as session:
        reminders.ask(session, flora, [convention], "hors-carte", key="a")
    with atomic() as session:
        row = convention.obligation(CARTE)
        apply(session, "dispenser", obligation_id=row.id, actor=flora, comment="Projet annulé.")
    reminders.send()
    assert states() == [ReminderState.INUTILE]
    assert mails() == reminded() == []


def test_what_a_killed_process_left_is_sent_by_the_next_one(flora, convention, monkeypatch):
    monkeypatch.setattr(reminders, "enqueue", lambda *_: None)
    with atomic() as session:
        reminders.ask(session, flora, [convention], ALL, key="a")
    SCHEDULE["relances"].run()
    SCHEDULE["relances"].run()
    assert states() == [ReminderState.ENVOYEE]
    assert len(reminded()) == len(ObligationKind)


def test_one_project_from_its_own_page(visitor, flora, convention):
    make.convention(flora, reference="autre", nom="Un autre projet")
    links = open_page(visitor, f"/conventions/{convention.id}").links("//main")
    (link,) = [link for link in links if "/suivi/relances" in link]
    words = open_page(visitor, link).words("//section[@aria-labelledby='liste']")
    assert convention.reference in words
    assert "Un autre projet" not in words


def test_nobody_to_write_to_is_said(visitor, flora):
    make.convention(flora, reference="2", nom="Sans adresse")
    assert "Aucune adresse e-mail" in open_page(visitor, LIST).words()
    remind(visitor)
    assert states() == [ReminderState.SANS_ADRESSE]
    assert "Aucune adresse e-mail" in open_page(visitor, LIST).words("//section[@aria-labelledby='dernieres']")
    assert reminded() == []


@pytest.mark.committed
def test_two_workers_at_once_remind_once(app, flora, nadia, monkeypatch):
    monkeypatch.setattr(reminders, "enqueue", lambda *_: None)
    structure = nadia.memberships[0].organisme
    projects = [make.convention(flora, structure, reference=f"{rank}") for rank in range(5)]
    with atomic() as session:
        reminders.ask(session, flora, projects, ALL, key="a")
    db.session.remove()
    start = threading.Barrier(2)

    def work(_):
        start.wait()
        with app.app_context():
            reminders.send()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    assert states() == [ReminderState.ENVOYEE] * 5
    assert len(reminded()) == 5 * len(ObligationKind)
    assert len(mails()) == 5


@pytest.mark.parametrize("other", [{"departement": "27"}, {"programme": "OEPRE"}, {"annee": 2025}])
def test_a_project_out_of_one_s_scope_or_of_the_list_is_not_reminded(app, flora, other):
    narrow = make.enrol(make.user("Nora Étroite"))
    narrow.assignments.append(
        Assignment(role=Role.FINANCEUR, territoire=make.territoire(), programmes=["BOP 104"], departements=["14"])
    )
    db.session.commit()
    mine = make.convention(flora, contact_pne="enquete@tilleuls.example")
    foreign = make.convention(flora, reference="2", contact_pne="autre@exemple.fr", **other)
    page = open_page(Visitor(app, narrow), LIST)
    page.type({"projet": [str(mine.id), str(foreign.id)]}).send(follow=False)
    db.session.expire_all()
    assert [row.convention_id for row in db.session.scalars(select(Reminder))] == [mine.id]


def test_only_one_s_own_projects_are_reminded(app, convention):
    other = Visitor(app, make.funder("Félix Fonds", "grand-est"))
    assert "Aucun projet n’est à relancer" in open_page(other, LIST).words()
    other.see("/suivi/")
    answer = other.post(LIST, {"projet": str(convention.id), "cle": "x"})
    assert answer.status_code == 422
    assert states() == []


def test_nothing_chosen_and_too_long_keep_what_was_typed(visitor, convention):
    page = open_page(visitor, LIST)
    page.answers.poplist("projet")
    answer = page.type({"message": "Mes mots"}).send()
    assert answer.status == 422
    assert "Choisissez au moins un projet" in answer.words()
    assert answer.shown("message") == ["Mes mots"]
    answer = open_page(visitor, LIST).type({"message": "x" * 1001}).send()
    assert answer.status == 422
    assert states() == []


@pytest.mark.parametrize("what", [name for name, choice in WHAT.items() if not choice.reminds])
def test_what_the_structure_has_already_done_is_not_reminded(visitor, convention, what):
    page = open_page(visitor, f"/suivi/?annee=2026&etat={what}")
    assert not [link for link in page.links("//main") if "/relances" in link]
    assert "Aucun projet n’est à relancer" in open_page(visitor, f"{LIST}&etat={what}").words()


def test_it_leaves_by_the_post(visitor, convention, nadia):
    with open_office() as office:
        remind(visitor)
        assert {str(message["To"]) for message in office.messages} == {nadia.email, "enquete@tilleuls.example"}
