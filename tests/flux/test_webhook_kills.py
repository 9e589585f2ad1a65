"""Processes killed at any moment while they decide and tell webhooks: nothing lost, nothing under two ids.

RELAIS_WEBHOOK_KILLS says how many rounds (30 unless told; ``make kills`` does 300).
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db
from backoffice.models import Fiche, FicheState, Publication, RevisionState, Webhook
from backoffice.queries.fiches.changes import last
from tests.notices.test_mail_kills import Nursery
from tests.support import factories as make
from tests.support.receiver import open_receiver
from workflows.flux import webhooks

pytestmark = pytest.mark.committed

ROUNDS = int(os.environ.get("RELAIS_WEBHOOK_KILLS", "30"))


@pytest.fixture
def receiver(app):
    with open_receiver() as opened:
        yield opened


def test_killed_at_any_moment_nothing_is_lost_nor_doubled(app, receiver):
    rng = random.Random(20261129)
    provider, moderator = make.provider(), make.moderator()
    ids = [make.fiche_in(RevisionState.VALIDEE, provider, moderator).id for _ in range(3)]
    row = Webhook(title="Annuaire", url=receiver.url, salt="sel", position=last(db.session()))
    db.session.add(row)
    db.session.commit()
    webhook_id, moderator_id, start = row.id, moderator.id, row.position
    receiver.answer = lambda number: 500 if number % 7 == 0 else 204
    receiver.pause = 0.005
    nursery, seen = Nursery(app), Counter()

    def free():
        """The lease of a dead process and the delay after a failure are over."""
        db.session.execute(update(Webhook).values(next_at=now()))
        db.session.commit()

    def round_(seconds=60.0):
        free()
        fiche = db.session.get_one(Fiche, rng.choice(ids), populate_existing=True)
        name = "republier" if fiche.state is FicheState.SUSPENDUE else "suspendre"
        order = f"montrer {name} {fiche.id} {moderator_id}"
        db.session.remove()
        began = time.monotonic()
        seen["tué" if nursery.round(order, seconds) else "fini"] += 1
        return time.monotonic() - began

    usual = sorted(round_() for _ in range(3))[1]
    for number in range(ROUNDS):
        round_(rng.uniform(0.2, 1.5) * usual)
        if number % 5 == 4:
            free()
            db.session.remove()
            nursery.round("avertir", rng.uniform(0, 1) * usual)
    nursery.close()
    receiver.answer = lambda _number: 204
    with clock_at(now() + timedelta(days=3)):
        webhooks.sweep()
    db.session.rollback()
    history = db.session.execute(
        select(Publication.id, Publication.fragment_id, Fiche.numero)
        .join(Fiche, Fiche.id == Publication.fiche_id)
        .where(Publication.id > start)
        .order_by(Publication.id)
    ).all()
    expected = [("publiee" if row.fragment_id else "retiree", row.numero) for row in history]
    names = {}
    for name, body, _ in receiver.requests:
        assert names.setdefault(name, body) == body, (name, names[name], body, history)
    assert seen["tué"] > ROUNDS // 10, seen  # else nothing was tried
    assert receiver.told() == expected
    assert len(names) == len(expected) == db.session.scalar(select(func.count()).where(Publication.id > start))
    assert db.session.get_one(Webhook, webhook_id).position == history[-1].id
