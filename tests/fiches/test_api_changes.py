"""The offer followed by its changes: the cursor, JSON Lines, compressed answers."""

from __future__ import annotations

import gzip
import json
import random
import threading

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.core import snapshot
from backoffice.core.extensions import db, limiter
from backoffice.core.snapshot import decision_lock
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, Publication, RevisionState
from backoffice.queries.fiches import changes
from tests.support import factories as make
from tests.support.visitor import Visitor
from workflows.fiches import publication
from workflows.fiches.fast_lane import Change, update_session


@pytest.fixture
def people(app):
    return make.provider(), make.moderator()


@pytest.fixture
def copier(app, monkeypatch):
    monkeypatch.setattr(limiter, "enabled", False)
    return Copier(app)


class Copier:
    """A program that keeps a copy of the offer by its changes."""

    def __init__(self, app):
        self.visitor = Visitor(app)
        self.cursor, self.copy, self.told = "debut", {}, []

    def get(self, url, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.visitor.get(url, headers=named, buffered=True)

    def follow(self, query="", limit=3):
        """Reads up to the end of what changed; gives what it was told, in order."""
        told, url = [], f"/api/fiches?depuis={self.cursor}&limite={limit}&{query}"
        while url:
            page = self.get(url).json
            assert len(page["fiches"]) + len(page["retraits"]) <= limit
            told += [fiche["numero"] for fiche in page["fiches"]] + [f"-{row['numero']}" for row in page["retraits"]]
            self.copy |= {fiche["numero"]: fiche for fiche in page["fiches"]}
            for row in page["retraits"]:
                self.copy.pop(row["numero"], None)
            url, self.cursor = page["suite"], page["curseur"]
        self.told += told
        return told


def publish(people, title="Ateliers de français"):
    return make.fiche_in(RevisionState.VALIDEE, *people, make.complete_content(title))


def test_a_copy_kept_by_its_changes_is_the_offer(people, copier):
    one, two = publish(people, "Un"), publish(people, "Deux")
    assert copier.follow() == [one.numero, two.numero]
    assert copier.follow() == []
    make.step(one, "suspendre", people[1], "Le téléphone est faux.")
    assert copier.follow() == [f"-{one.numero}"]
    make.step(one, "republier", people[1])
    assert update_session(db.session(), two.id, Change("G2", "S3", places_libres=3), people[0])
    db.session.commit()
    assert copier.follow() == [one.numero, two.numero]
    assert copier.copy[two.numero]["actions"][0]["sessions"][0]["places_libres"] == 3
    # Withdrawn and published again between two readings: the present state, once.
    make.step(two, "suspendre", people[1], "Le téléphone est faux.")
    make.step(two, "republier", people[1])
    assert copier.follow() == [two.numero]
    shown = {fiche["numero"]: fiche for fiche in copier.get("/api/fiches").json["fiches"]}
    assert copier.copy == shown


def test_decisions_taken_while_it_is_read_are_neither_lost_nor_doubled(people, copier):
    rng = random.Random(20261130)
    fiches = [publish(people, f"Groupe {number}") for number in range(7)]
    for _ in range(12):
        fiche = db.session.get(Fiche, rng.choice(fiches).id)
        name = "republier" if fiche.state == "suspendue" else "suspendre"
        make.step(fiche, name, people[1], "" if name == "republier" else "Le téléphone est faux.")
        if rng.random() < 0.5:
            page = copier.get(f"/api/fiches?depuis={copier.cursor}&limite=2").json
            copier.copy |= {row["numero"]: row for row in page["fiches"]}
            for row in page["retraits"]:
                copier.copy.pop(row["numero"], None)
            copier.cursor = page["curseur"]
    copier.follow()
    assert copier.follow() == []
    assert copier.copy == {row["numero"]: row for row in copier.get("/api/fiches").json["fiches"]}


def test_a_fiche_that_a_filter_no_longer_takes_is_told_as_left(people, copier):
    fiche = publish(people)
    assert copier.follow("etat_inscription=1&territoire=normandie") == [fiche.numero]
    assert update_session(db.session(), fiche.id, Change("G2", "S3", recrutement="2"), people[0])
    db.session.commit()
    assert copier.follow("etat_inscription=1&territoire=normandie") == [f"-{fiche.numero}"]
    assert copier.follow("etat_inscription=1&territoire=normandie") == []


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("depuis=rien", "depuis"),
        ("depuis=AAAA", "depuis"),
        ("depuis=cC0x", "depuis"),
        ("depuis=hier!", "depuis"),
        (f"depuis={changes.text_of(10**9)}", "depuis"),
        ("depuis=debut&apres=28_NO000001", "apres"),
    ],
)
def test_a_cursor_that_was_not_given_here_is_refused(people, copier, query, name):
    publish(people)
    answer = copier.get(f"/api/fiches?{query}")
    assert answer.status_code == 422
    assert [fault["parametre"] for fault in answer.json["erreurs"]] == [name]


@pytest.mark.committed
def test_a_decision_not_yet_committed_is_waited_for_never_passed(people, copier, monkeypatch):
    """Two decisions at once on PostgreSQL: the later id is committed first. SQLite has one writer: no such order."""
    first, second = publish(people, "Un"), publish(people, "Deux")
    copier.follow()
    if db.engine.dialect.name == "sqlite":
        assert snapshot.settled(db.session())
        return
    ids = first.id, second.id
    db.session.remove()
    with Session(db.engine) as slow, Session(db.engine) as quick:
        for session, fiche_id in zip((slow, quick), ids, strict=True):
            decision_lock(session)
            fiche = session.get_one(Fiche, fiche_id)
            publication.show(session, fiche, fiche.fragment, fiche.fragment.built_at)
            session.flush()
        quick.commit()
        with monkeypatch.context() as patched:
            patched.setattr(snapshot, "POLLS", 3)
            assert copier.follow() == []
        threading.Timer(0.1, slow.commit).start()
        assert copier.follow() == [first.numero, second.numero]
        assert copier.follow() == []


def test_new_decisions_are_not_held_up_and_queries_do_not_grow(people, copier):
    from tests.support.statements import statements

    for number in range(2):
        publish(people, f"Groupe {number}")
    with statements() as few:
        copier.follow(limit=100)
    for number in range(8):
        publish(people, f"Autre {number}")
    copier.cursor = "debut"
    with statements() as many:
        assert len(copier.follow(limit=100)) == 10
    assert len(many) == len(few) <= 6


def test_json_lines_are_the_same_fiches_and_give_the_cursor_that_follows(people, copier):
    publish(people, "Un"), publish(people, "Deux")
    answer = copier.get("/api/offre.jsonl?territoire=normandie")
    assert answer.mimetype == "application/jsonl"
    assert [json.loads(line) for line in answer.text.splitlines()] == copier.get("/api/fiches").json["fiches"]
    copier.cursor = answer.headers["Relais-Curseur"]
    assert copier.follow() == []
    third = publish(people, "Trois")
    assert copier.follow() == [third.numero]
    assert copier.get("/api/offre.jsonl?territoire=grand-est").text == ""


PATHS = ("/api/fiches", "/api/openapi.json", "/api/offre.jsonl", "/api/offre.csv", "/api/offre.geojson")


@pytest.mark.once
@pytest.mark.parametrize("path", PATHS)
def test_answers_are_compressed_for_who_accepts_it_under_the_same_etag(people, copier, path):
    publish(people)
    plain = copier.get(path)
    packed = copier.get(path, Accept_Encoding="br;q=1.0, gzip;q=0.8")
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]
    assert packed.headers["ETag"] == plain.headers["ETag"]
    again = copier.get(path, Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert "Accept-Encoding" in again.headers["Vary"]
    for refused in ("identity", "gzip;q=0", "br"):
        assert "Content-Encoding" not in copier.get(path, Accept_Encoding=refused).headers


@pytest.mark.once
def test_a_short_answer_stays_as_it_is(people, copier):
    assert "Content-Encoding" not in copier.get("/api/fiches", Accept_Encoding="gzip").headers


def test_a_cursor_of_the_future_means_another_base(people):
    publish(people)
    top = db.session.scalar(select(func.max(Publication.id)))
    with atomic() as session, pytest.raises(changes.UnknownCursor):
        changes.changes(session, changes.text_of(top + 1), {}, 10)
