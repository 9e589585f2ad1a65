"""Errors: what a person is told when the database is away, when a file is too large, when an id cannot exist."""

from __future__ import annotations

import io
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text
from sqlalchemy.engine import Engine
from werkzeug.datastructures import FileStorage

from backoffice.cli.seed import load_territoires
from backoffice.core import config, extensions
from backoffice.core.extensions import db
from backoffice.models import Fiche, Organisme, User
from backoffice.web.factory import create_app
from tests.conftest import need
from tests.support import factories as make
from tests.support import services
from tests.support.bases import PostgresqlBase
from tests.support.tree import ROOT
from tests.support.visitor import Visitor


class Relay:
    """A TCP relay to PostgreSQL. `cut` closes its connections as a restart does; `closed` refuses new ones."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ends: list[socket.socket] = []
        self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                if self.closed:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", 5432))
                self.ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.closed = True
        self.cut()
        self.listener.shutdown(socket.SHUT_RDWR)
        for end in (self.listener, *self.ends):
            end.close()


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Relay]]:
    """An application whose PostgreSQL is behind a relay."""
    need("postgresql")
    base, relay = PostgresqlBase("away"), Relay()
    url = f"{services.POSTGRESQL.replace(':5432', f':{relay.port}')}/{base.name}"
    settings = {"DATABASE_URL": url, "SECRET_KEY": "cle", "RELAIS_DEMO": "1"}
    settings["RELAIS_INSTANCE"] = str(tmp_path_factory.mktemp("away"))
    app = create_app(config.load(settings), TESTING=True, PROPAGATE_EXCEPTIONS=False)
    with app.app_context():
        db.session.execute(text("CREATE EXTENSION pg_trgm"))
        db.session.commit()
        db.create_all()
        load_territoires()
        make.provider()
    yield app, relay
    relay.close()
    with app.app_context():
        base.drop()


@pytest.fixture
def nadia_away(away: tuple[Flask, Relay]) -> Iterator[Visitor]:
    app, relay = away
    with app.app_context():
        yield Visitor(app, db.session.scalars(select(User)).one())
        db.session.remove()
    relay.closed = False


@contextmanager
def cut_before(relay: Relay, words: str, times: int = 1) -> Iterator[list[str]]:
    """Cuts every connection just before a statement that contains `words`, so many times; yields those statements."""
    seen: list[str] = []

    def listen(*given: Any) -> None:
        if words in given[2]:
            seen.append(given[2])
            if len(seen) <= times:
                relay.cut()

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


@pytest.mark.once
def test_a_page_is_served_again_when_its_connection_dies(away, nadia_away) -> None:
    with cut_before(away[1], "FROM login JOIN") as seen:
        answer = nadia_away.get("/fiches/")
    assert (answer.status_code, len(seen)) == (200, 2)
    assert "Nadia Exemple" in answer.text


@pytest.mark.once
def test_it_is_served_again_only_once(away, nadia_away) -> None:
    with cut_before(away[1], "FROM login JOIN", times=5) as seen:
        answer = nadia_away.get("/fiches/")
    assert (answer.status_code, answer.headers["Retry-After"], len(seen)) == (503, "60", 2)


@pytest.mark.once
def test_what_has_written_is_never_played_twice(away, nadia_away) -> None:
    nadia_away.see("/fiches/nouvelle")
    with cut_before(away[1], "INSERT INTO fiche", times=5) as seen:
        answer = nadia_away.post(
            "/fiches/nouvelle", {"dispositif": "ASL", "organisme": str(db.session.scalar(select(Organisme.id)))}
        )
    assert (answer.status_code, len(seen)) == (503, 1)
    db.session.remove()
    assert db.session.scalar(select(func.count(Fiche.id))) == 0


OUTAGE_PATHS = ("/", "/connexion", "/fiches/", "/une-page-qui-n-existe-pas", "/fiches/999999")


@pytest.mark.once
@pytest.mark.parametrize("path", OUTAGE_PATHS)
def test_without_its_database_every_page_says_so(away, nadia_away, path) -> None:
    away[1].closed = True
    away[1].cut()
    answer = nadia_away.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "Relais ne peut pas répondre pour le moment" in answer.text


@pytest.mark.once
def test_without_its_database_the_api_and_a_post_say_so(away, nadia_away) -> None:
    nadia_away.see("/fiches/")
    away[1].closed = True
    away[1].cut()
    answer = nadia_away.get("/api/fiches")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert answer.json["status"] == 503
    answer = nadia_away.post("/fiches/nouvelle", {"dispositif": "ASL"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert nadia_away.get("/healthz").status_code == 200


@pytest.mark.committed
@pytest.mark.once
def test_a_database_that_stays_locked_is_an_outage_not_a_fault(app, nadia, monkeypatch) -> None:
    visitor = Visitor(app, nadia)
    visitor.see("/fiches/nouvelle")
    db.session.remove()
    monkeypatch.setattr(extensions, "PATIENCE", 50)
    db.engine.dispose()
    with db.engine.connect() as other:
        other.execute(text("SELECT 1"))  # BEGIN IMMEDIATE holds the only write lock
        answer = visitor.post("/fiches/nouvelle", {"dispositif": "ASL"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert visitor.post("/fiches/nouvelle", {"dispositif": "ASL"}).status_code in (303, 422)
    db.engine.dispose()


def test_a_fault_of_ours_stays_a_500_with_its_number(app, nadia, monkeypatch) -> None:
    def broken(**_: object) -> str:
        db.session.execute(text("SELECT 1 FROM une_table_absente"))
        return ""

    monkeypatch.setitem(app.view_functions, "fiches.index", broken)
    broken.permission = app.view_functions["home.index"].permission  # type: ignore[attr-defined]
    answer = Visitor(app, nadia).get("/fiches/")
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in answer.text
    assert "une_table_absente" not in answer.text


# --- Files that are too large -----------------------------------------------------------------------

LARGE = {
    "file_checks.check_action": ("/lheo/verifier", make.provider),
    "imports.upload": ("/import/", make.provider),
    "registers.upload": ("/administration/registres/vacances", make.administrator),
    "grant_import.upload": ("/conventions/import/", make.funder),
    "pne_survey.respondents": ("/conventions/enquete/repondants", make.funder),
}


def test_every_page_that_takes_a_file_is_in_the_table(app) -> None:
    taking = {name for name, view in app.view_functions.items() if getattr(view, "largest_upload", 0)}
    assert set(LARGE) == taking


@pytest.mark.once
@pytest.mark.parametrize("endpoint", LARGE)
def test_a_file_beyond_the_limit_is_told_on_its_own_page(app, monkeypatch, endpoint) -> None:
    path, person = LARGE[endpoint]
    visitor = Visitor(app, person())
    monkeypatch.setattr(app.view_functions[endpoint], "largest_upload", 1_000)
    visitor.see("/")
    sent = {"fichier": FileStorage(io.BytesIO(b"x" * 300_000), "fichier.csv")}
    answer = visitor.post(path, sent, content_type="multipart/form-data")
    assert answer.status_code == 413
    assert "Ce fichier dépasse" in answer.text
    assert 'type="file"' in answer.text


# --- Ids --------------------------------------------------------------------------------------------


def test_an_id_of_a_form_goes_through_one_reader() -> None:
    """`type=int` lets through what no INTEGER column holds: PostgreSQL then refuses the query."""
    bare = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "backoffice" / "web").rglob("*.py"))
        if re.search(r"type=int\b|int\(request\.", path.read_text())
    ]
    assert bare == []
