"""Webhooks: what is told, signed, tried again, resumed; addresses that Relais refuses to ask."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.core import outgoing
from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db
from backoffice.core.transactions import atomic
from backoffice.models import Change, Mail, RevisionState, Webhook, WebhookAttempt
from backoffice.queries.fiches.changes import last
from tests.support import factories as make
from tests.support.receiver import open_receiver
from tests.support.visitor import Visitor
from workflows.fiches.fast_lane import Change as FastChange
from workflows.fiches.fast_lane import update_session
from workflows.flux import webhooks


@pytest.fixture
def people(app):
    return make.provider(), make.moderator()


@pytest.fixture
def receiver(app):
    with open_receiver() as opened:
        yield opened


def declare(url, **said):
    row = Webhook(title="Annuaire", url=url, salt="sel", position=last(db.session()), **said)
    db.session.add(row)
    db.session.commit()
    return row.id


def webhook(webhook_id):
    db.session.rollback()
    return db.session.get_one(Webhook, webhook_id, populate_existing=True)


def publish(people, title="Ateliers"):
    return make.fiche_in(RevisionState.VALIDEE, *people, make.complete_content(title))


def suspend(fiche, people):
    make.step(fiche, "suspendre", people[1], "Le téléphone est faux.")


def test_each_event_is_told_once_in_order_and_signed(people, receiver):
    webhook_id = declare(receiver.url)
    receiver.secret = webhooks.secret_text(webhook(webhook_id))
    fiche = publish(people)
    assert update_session(db.session(), fiche.id, FastChange("G2", "S3", places_libres=3), people[0])
    db.session.commit()
    suspend(fiche, people)
    make.step(fiche, "republier", people[1])
    webhooks.sweep()
    webhooks.sweep()
    kinds = ["publiee", "modifiee", "retiree", "publiee"]
    assert receiver.told() == [(kind, fiche.numero) for kind in kinds]
    assert len(receiver.requests) == 4
    assert receiver.wrong == []
    name, body, headers = receiver.requests[0]
    assert name.startswith("msg_")
    assert body["data"]["url"].endswith(f"/api/fiches/{fiche.numero}")
    assert headers["content-type"].startswith("application/json")
    assert webhook(webhook_id).success_at is not None


def test_the_cursor_of_a_message_leads_to_what_follows_it(app, people, receiver):
    declare(receiver.url)
    first, second = publish(people, "Un"), publish(people, "Deux")
    webhooks.sweep()
    cursors = [body["data"]["curseur"] for _, body, _ in receiver.requests]
    read = [Visitor(app).get(f"/api/fiches?depuis={cursor}").json["fiches"] for cursor in cursors]
    assert [[row["numero"] for row in fiches] for fiches in read] == [[second.numero], []]
    assert first.numero != second.numero


def test_a_signature_with_another_secret_or_body_is_seen(people, receiver):
    webhook_id = declare(receiver.url)
    receiver.secret = webhooks.secret_text(webhook(webhook_id))
    with atomic() as session:
        webhooks.new_secret(session, webhook(webhook_id), make.administrator())
    publish(people)
    webhooks.sweep()
    assert len(receiver.wrong) == 1


def test_a_failure_is_tried_again_later_and_later_with_the_same_id_and_body(people, receiver):
    webhook_id = declare(receiver.url)
    publish(people, "Un"), publish(people, "Deux")
    receiver.answer = lambda number: 503 if number <= 3 else 200
    instant = now()
    for delay in (0, 1, 5, 30):
        instant += timedelta(minutes=delay)
        with clock_at(instant):
            webhooks.sweep()
            webhooks.sweep()
    assert len(receiver.requests) == 5
    assert len({(name, str(body)) for name, body, _ in receiver.requests[:4]}) == 1
    assert [kind for kind, _ in receiver.told()] == ["publiee", "publiee"]
    assert [row.status for row in db.session.scalars(select(WebhookAttempt).order_by(WebhookAttempt.id))] == [
        *(503,) * 3,
        *(200,) * 2,
    ]
    assert (webhook(webhook_id).attempts, webhook(webhook_id).error) == (0, "")


@pytest.mark.parametrize(("status", "tries"), [(500, len(webhooks.DELAYS) + 1), (302, 9), (410, 1)])
def test_after_the_last_attempt_it_stops_tells_and_resumes_without_loss(people, receiver, status, tries):
    make.administrator()
    webhook_id = declare(receiver.url)
    fiche = publish(people)
    receiver.answer = lambda _number: status
    instant = now()
    for delay in (0, *webhooks.DELAYS, *webhooks.DELAYS):
        instant += timedelta(minutes=delay)
        with clock_at(instant):
            webhooks.sweep()
    assert len(receiver.requests) == tries
    assert not webhook(webhook_id).active
    (mail,) = db.session.scalars(select(Mail).where(Mail.notice == "webhook_arrete")).all()
    assert f"Réponse {status}" in mail.text
    receiver.answer = lambda _number: 200
    with atomic() as session:
        webhooks.resume(session, webhook(webhook_id), make.administrator("Ada Admin"))
    webhooks.sweep()
    assert receiver.told() == [("publiee", fiche.numero)]
    assert webhook(webhook_id).position == last(db.session())


def test_what_was_told_may_be_told_again_from_a_day_under_the_same_ids(people, receiver):
    webhook_id = declare(receiver.url)
    early, day = publish(people, "Un"), now() + timedelta(days=2)
    with clock_at(day):
        late = publish(people, "Deux")
    webhooks.sweep()
    with atomic() as session:
        webhooks.resume(session, webhook(webhook_id), make.administrator(), day - timedelta(days=1))
    webhooks.sweep()
    assert [body["data"]["numero"] for _, body, _ in receiver.requests] == [early.numero, late.numero, late.numero]
    assert receiver.requests[1][0] == receiver.requests[2][0]
    assert len(receiver.told()) == 2


def test_events_and_territoire_are_chosen(people, receiver):
    declare(receiver.url, events=["fiche.retiree"])
    other = make.territoire("grand-est")
    declare(receiver.url, territoire_id=other.id)
    fiche = publish(people)
    suspend(fiche, people)
    webhooks.sweep()
    assert [body["type"] for _, body, _ in receiver.requests] == ["fiche.retiree"]


def test_a_webhook_claimed_by_a_live_process_is_left_to_it(people, receiver):
    webhook_id = declare(receiver.url)
    publish(people)
    assert webhooks._claim(webhook_id)
    webhooks.sweep()
    assert receiver.requests == []
    with clock_at(now() + webhooks.LEASE):
        webhooks.sweep()
    assert len(receiver.requests) == 1


def test_one_that_is_down_does_not_hold_up_the_others(people, receiver):
    down = declare("http://127.0.0.1:9/rien")
    declare(receiver.url)
    fiche = publish(people)
    webhooks.sweep()
    assert receiver.told() == [("publiee", fiche.numero)]
    assert "127.0.0.1" in webhook(down).error


# --- Addresses ---------------------------------------------------------------------------------------

REFUSED = (
    "http://annuaire.example/",
    "ftp://annuaire.example/",
    "annuaire.example",
    "https://",
    "https://u:p@annuaire.example/",
    "https://annuaire.example/#x",
    "https://annuaire.example:0/",
    "https://annuaire.example:99999/",
    "https://127.0.0.1/",
    "https://10.1.2.3/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[fd00::1]/",
    "https://[fe80::1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::]/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://[::1/",
    "https://annuaire.example/é",
    "https://annuaire.example/a b",
    "https://annuaire.example/\r\nX: y",
    f"https://annuaire.example/{'x' * 500}",
)


@pytest.mark.once
@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_could_reach_our_network_is_refused(app, url):
    with pytest.raises(outgoing.RefusedAddress):
        outgoing.check_url(url)
    alma = Visitor(app, make.administrator())
    answer = alma.post("/administration/webhooks/", {"title": "Annuaire", "url": url, "territoire": "0"})
    assert answer.status_code == 422
    assert db.session.scalar(select(Webhook.id)) is None


@pytest.mark.once
@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.8", "::1", "::ffff:192.168.1.1", "fe80::1%eth0", "100.64.0.1"]
)
def test_a_name_that_resolves_to_a_private_address_is_never_asked(app, monkeypatch, address):
    """Also when only one of its addresses is private. The connection would go to the address that was checked."""
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("9.9.9.9", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: rows)
    monkeypatch.setattr(socket, "create_connection", lambda *_args: pytest.fail("une connexion a été ouverte"))
    with pytest.raises(outgoing.RefusedAddress):
        outgoing.post("https://annuaire.example/", b"{}", {})


@pytest.mark.once
def test_a_receiver_that_never_ends_its_answer_is_cut(app, receiver, monkeypatch):
    monkeypatch.setattr(outgoing, "TOTAL", 0.2)
    receiver.pause = 3
    with pytest.raises(outgoing.Unanswered):
        outgoing.post(receiver.url, b"{}", {"webhook-id": "x"})


# --- Pages -------------------------------------------------------------------------------------------


def test_an_administrator_declares_follows_stops_and_sends_again(app, people, receiver):
    alma = Visitor(app, make.administrator())
    fields = {"title": "Annuaire", "url": receiver.url, "territoire": "0"}
    made = alma.post("/administration/webhooks/", fields)
    assert made.status_code == 200
    row = db.session.scalars(select(Webhook)).one()
    receiver.secret = webhooks.secret_text(row)
    assert receiver.secret in made.text
    page = f"/administration/webhooks/{row.id}"
    assert receiver.secret not in alma.get(page).text
    assert receiver.secret not in str([change.after for change in db.session.scalars(select(Change))])
    fiche = publish(people)
    webhooks.sweep()
    assert receiver.wrong == []
    assert fiche.numero in alma.get(page).text
    assert alma.post(f"{page}/arreter", {}).status_code == 303
    assert "Arrêté" in alma.get("/administration/webhooks/").text
    suspend(fiche, people)
    webhooks.sweep()
    assert len(receiver.requests) == 1
    assert alma.post(f"{page}/reprendre", {}).status_code == 303
    webhooks.sweep()
    assert [kind for kind, _ in receiver.told()] == ["publiee", "retiree"]
    for wrong in ("", "hier", "2999-01-01 00:00"):
        assert alma.post(f"{page}/renvoyer", {"depuis": wrong}).status_code == 422
    assert alma.post(f"{page}/renvoyer", {"depuis": "2020-01-01 00:00"}).status_code == 303
    webhooks.sweep()
    assert len(receiver.requests) == 4
    assert alma.post(page, {**fields, "title": "Annuaire national"}).status_code == 303
    assert alma.post(f"{page}/secret", {}).status_code == 200
    assert alma.post(f"{page}/supprimer", {}).status_code == 303
    assert db.session.scalar(select(WebhookAttempt.id)) is None
