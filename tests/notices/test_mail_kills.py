"""Processes killed at any moment, Redis stopped and started: each e-mail came once, or its doubt is seen.

A small process loads the application once, without touching the base, then makes one child a round. A
round: a moderator returns a fiche, which writes the e-mails and sends them; or a sweep. It is killed after
a random while. RELAIS_KILL_ROUNDS says how many rounds (40 unless told; ``make kills`` does thousands).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from backoffice.core.clock import clock_at, now
from backoffice.core.extensions import db, make_queue, post
from backoffice.core.transactions import atomic
from backoffice.models import Mail, MailState, Revision, RevisionState, TransitionLog, User
from tests.conftest import need
from tests.support import factories as make
from tests.support import services
from tests.support.tree import ROOT
from tests.work.test_jobs import run_worker
from workflows.fiches.engine import apply
from workflows.fiches.operations import open_draft, save_draft
from workflows.notices import mail

pytestmark = pytest.mark.committed

ROUNDS = int(os.environ.get("RELAIS_KILL_ROUNDS", "40"))


class Nursery:
    """Makes a child a round and kills it."""

    def __init__(self, app):
        environ = {
            **os.environ,
            "DATABASE_URL": db.engine.url.render_as_string(hide_password=False),
            "REDIS_URL": "",
            "SECRET_KEY": "cle-de-test",
            "RELAIS_INSTANCE": app.instance_path,
            "RELAIS_SMTP": post.server,
            "RELAIS_SENDER": post.sender,
            "RELAIS_WEBHOOKS_LOCAL": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.killed"],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "prêt\n"

    def round(self, order: str, seconds: float = 60) -> bool:
        """Whether the child was killed before its end, after `seconds` at most."""
        self.process.stdin.write(f"{seconds} {order}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer in ("tué", "fini"), (answer, order)
        return answer == "tué"

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        self.process.stdout.close()


@pytest.fixture
def nursery(app, office):
    made = Nursery(app)
    yield made
    made.close()


def take_again(fiche_id, provider_id, moderator_id):
    """The returned fiche goes round: corrected, sent and taken, ready to be returned once more."""
    with atomic() as session:
        session.expire_all()
        latest = session.scalars(
            select(Revision).where(Revision.fiche_id == fiche_id).order_by(Revision.number.desc()).limit(1)
        ).one()
        if latest.state is RevisionState.EN_INSTRUCTION:
            return latest.id
        provider, moderator = session.get_one(User, provider_id), session.get_one(User, moderator_id)
        draft = latest if latest.state is RevisionState.BROUILLON else open_draft(session, fiche_id, provider)
        save_draft(session, draft, make.complete_content(), {}, provider)
        for name, who in (("soumettre", provider), ("prendre", moderator)):
            apply(session, name, fiche_id=fiche_id, revision_id=draft.id, actor=who)
        session.execute(delete(Mail).where(Mail.notice == "fiche_envoyee"))  # only returns are counted here
        return draft.id


def test_killed_at_any_moment_each_message_came_once_or_its_doubt_is_seen(app, nursery, office):
    rng = random.Random(20260303)
    provider, moderator = make.provider(), make.moderator()
    fiche_id = make.fiche_in(RevisionState.EN_INSTRUCTION, provider, moderator).id
    people = provider.id, moderator.id
    seen = Counter()

    def return_it(seconds=60.0):
        revision_id = take_again(fiche_id, *people)
        db.session.remove()
        started = time.monotonic()
        seen["tué" if nursery.round(f"renvoyer {fiche_id} {revision_id} {people[1]}", seconds) else "fini"] += 1
        return time.monotonic() - started

    usual = sorted(return_it() for _ in range(5))[2]
    for number in range(ROUNDS):
        return_it(rng.uniform(0.1, 2) * usual)
        if number % 10 == 9:
            nursery.round("relever", rng.uniform(0, 2) * usual)
    with clock_at(now() + mail.LEASE + timedelta(days=3)):
        while db.session.scalar(select(func.count()).where(Mail.state == MailState.A_ENVOYER)):
            db.session.rollback()
            mail.sweep()
        mail.sweep()
    db.session.rollback()
    returned = db.session.scalar(select(func.count()).where(TransitionLog.transition == "renvoyer"))
    rows = db.session.scalars(select(Mail)).all()
    received = office.received()
    assert seen["tué"] > ROUNDS // 10, seen  # else nothing was tried
    assert len(rows) == returned > 0, "chaque renvoi a écrit son message, une fois"
    assert {row.state for row in rows} <= {MailState.ENVOYE, MailState.INCERTAIN}
    for row in rows:
        came = received.pop(f"<{row.key[:32]}@127.0.0.1>", 0)
        assert came == 1 if row.state is MailState.ENVOYE else came <= 1, (row.state, came)
    assert not received, "un message que personne n’a écrit"


class OwnRedis:
    """A Redis of the test's own, which it may stop."""

    def __init__(self, folder: Path):
        need("redis")
        self.port, self.folder, self.process = services.free_port(), folder, None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if services.listening(self.port):
                return
            time.sleep(0.05)
        raise AssertionError("redis-server n’a pas démarré")

    def stop(self):
        self.process.kill()
        self.process.wait(20)


@pytest.mark.redis
def test_redis_may_stop_and_start_and_what_it_forgot_is_swept(app, office, tmp_path, monkeypatch):
    provider, moderator = make.provider(), make.moderator()
    fiche_id = make.fiche_in(RevisionState.EN_INSTRUCTION, provider, moderator).id
    people = provider.id, moderator.id
    redis = OwnRedis(tmp_path)
    redis.start()
    monkeypatch.setattr(services, "REDIS", redis.url)
    queue = make_queue(redis.url, "essai")
    before, app.extensions["relais_jobs"] = app.extensions["relais_jobs"], queue
    try:
        for stopped in (False, True, True, False):
            revision_id = take_again(fiche_id, *people)
            if stopped:
                redis.stop()
            with atomic() as session:
                apply(
                    session,
                    "renvoyer",
                    fiche_id=fiche_id,
                    revision_id=revision_id,
                    actor=session.get_one(User, people[1]),
                    comment="Précisez.",
                )
            if stopped:
                redis.start()
        monkeypatch.setenv("RELAIS_SMTP", post.server)
        monkeypatch.setenv("RELAIS_SENDER", post.sender)
        run_worker(app, queue)  # only what was asked after the last stop is still in Redis
        assert len(office.messages) == 1
        with atomic() as session:
            session.execute(update(Mail).where(Mail.state == MailState.A_ENVOYER).values(next_at=now()))
        mail.sweep()
        assert sorted(office.received().values()) == [1] * 4
    finally:
        app.extensions["relais_jobs"] = before
        queue.connection.close()
        redis.stop()
