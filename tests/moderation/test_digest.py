"""What moderators are told each morning."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db
from backoffice.models import Mail, Mute, Notification, Revision, RevisionState
from tests.support import factories as make
from workflows.moderation import digest


def bodies(office):
    return [(message["To"], message.get_body(("plain",)).get_content()) for message in office.messages]


def test_each_moderator_of_a_territoire_where_something_waits_is_told_once_a_day(office, app):
    provider, one, two = make.provider(), make.moderator("Marc Modèle"), make.moderator("Mina Modèle")
    make.moderator("Maud Modèle", "grand-est")
    for rank in range(3):
        make.fiche_in(RevisionState.SOUMISE, provider, one, make.complete_content(f"Ateliers {rank}"))
    make.fiche_in(RevisionState.EN_INSTRUCTION, provider, one)
    db.session.execute(
        update(Revision).where(Revision.title == "Ateliers 0").values(due_on=now().date() - timedelta(3))
    )
    db.session.commit()
    people = {one.email, two.email}
    digest.send()
    digest.send()
    told = bodies(office)
    assert {to for to, _ in told} == people
    assert len(told) == 2
    text = told[0][1]
    assert "3 fiches à prendre" in text
    assert "1 fiche en cours de vérification" in text
    assert "1 fiche au-delà du délai" in text
    assert "Ateliers 0 (Centre social des Tilleuls), à traiter avant le" in text
    with clock_at(now() + timedelta(days=1)):
        digest.send()
    assert len(office.messages) == 4


def test_where_nothing_waits_nobody_is_told(office, app):
    make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator())
    office.messages.clear()
    digest.send()
    assert office.messages == []
    assert db.session.scalars(select(Mail.id).where(Mail.notice == digest.NOTICE)).all() == []


def test_a_moderator_may_do_without(office, app):
    moderator = make.moderator()
    make.fiche_in(RevisionState.SOUMISE, make.provider(), moderator)
    db.session.add(Mute(user_id=moderator.id, notice=digest.NOTICE))
    db.session.commit()
    digest.send()
    assert office.messages == []
    assert db.session.scalars(select(Notification.notice)).all() == [digest.NOTICE]
