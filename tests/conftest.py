"""The base under test, the application on it, visitors, and what is skipped where a part is missing.

A test gets an empty, migrated base that holds the reference tables (territoires, communes). The whole
suite runs once on each base: ``pytest --base sqlite``, ``pytest --base postgresql``; on the second, only the
tests that open a base.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from lxml import etree
from sqlalchemy import create_engine, text
from werkzeug.serving import WSGIRequestHandler, make_server

from backoffice.cli.seed import load_communes, load_territoires
from backoffice.core import config
from backoffice.core.extensions import db, limiter
from backoffice.models import User
from backoffice.reference.school_holidays import write_calendar
from backoffice.web.factory import create_app
from exports.flux import build
from exports.flux.writer import Manifest, write
from tests.support.post_office import PostOffice, open_office
from tests.support.validators import valid_for_all
from tests.support.visitor import Visitor

from .support import factories, services

pytest_plugins = ("tests.support.clock",)

NAME = os.environ.get("RELAIS_TEST_NAME", "relais_test")
"""Prefix of the PostgreSQL databases under test: two checkouts on one machine take two names."""

KEPT_TABLES = {"commune", "commune_postal_code", "alembic_version"}
"""Reference tables: filled once, changed by no test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--base", choices=("sqlite", "postgresql"), default="sqlite", help="base under test")


BASES = {"app", "fresh"}
"""Fixtures that open a base."""

STORIES = {"test_story.py", "test_moderation.py"}
"""Of the tests in a browser, which are about pages, those that lead an entry through its whole life."""
PHONE = "390px"
"""In the name of those that do it once more on a phone."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What opens no base, looks at pages in a browser, or is marked `once`, says the same on both bases: it runs with
    SQLite only."""
    if config.getoption("--base") == "sqlite":
        return
    kept = [
        item
        for item in items
        if BASES & set(getattr(item, "fixturenames", ()))
        and (item.path.parent.name != "browser" or (item.path.name in STORIES and PHONE not in item.name))
        and not item.get_closest_marker("once")
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """In CI a skipped test is a failed one: everything that a test needs must be there."""
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"rien ne doit être sauté en CI : {report.longrepr}"
    return report


def need(name: str) -> None:
    if not services.AVAILABLE[name]():
        pytest.skip(services.REASONS[name])


@pytest.fixture
def xmllint() -> str:
    need("xmllint")
    return str(shutil.which("xmllint"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of published facts, beside the checkout."""
    need("shared")
    return services.SHARED


@pytest.fixture(scope="session")
def lheo_facts(shared: Path) -> Path:
    return shared / "lheo"


@pytest.fixture(scope="session")
def shared_referentiels(shared: Path) -> Path:
    return shared / "referentiels"


@pytest.fixture(scope="session")
def published(lheo_facts: Path) -> etree.XMLSchema:
    """The published schema, compiled: the oracle."""
    return etree.XMLSchema(etree.parse(lheo_facts / "lheo-2.3.xsd"))


# --- The base ---------------------------------------------------------------------------------------


class SqliteBase:
    """A file, put back from a copy before each test."""

    def __init__(self, folder: Path):
        self.file, self.copy = folder / "relais.sqlite3", folder / "vierge.sqlite3"
        self.url = f"sqlite:///{self.file}"

    def keep(self) -> None:
        db.engine.dispose()
        engine = create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(text("SELECT 1"))
        engine.dispose()  # one left open would keep reading the shared memory of a journal that is gone
        shutil.copy(self.file, self.copy)

    def reset(self) -> None:
        db.session.remove()
        db.engine.dispose()
        for suffix in ("-wal", "-shm"):
            Path(f"{self.file}{suffix}").unlink(missing_ok=True)
        shutil.copy(self.copy, self.file)

    def drop(self) -> None: ...


class PostgresqlBase:
    """A database of this worker's own, where each test finds the rows that were there at first, and no other."""

    def __init__(self, name: str):
        need("postgresql")
        self.name = f"{NAME}_{name}"
        self.url = f"{services.POSTGRESQL}/{self.name}"
        self.resets = 0
        self._manage(
            f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)",
            f"CREATE DATABASE {self.name}",
            # No test pulls the plug of the machine: a commit need not wait for the disk.
            f"ALTER DATABASE {self.name} SET synchronous_commit = off",
        )

    def _manage(self, *orders: str) -> None:
        engine = create_engine(f"{services.POSTGRESQL}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for order in orders:
                connection.execute(text(order))
        engine.dispose()

    def keep(self) -> None:
        self.names = sorted(set(db.metadata.tables) - KEPT_TABLES)
        with db.engine.connect() as connection:
            rows = {name: connection.scalar(text(f"SELECT json_agg(t)::text FROM {name} t")) for name in self.names}
            self.rows = {name: found for name, found in rows.items() if found}
            sequences = connection.execute(text("SELECT sequencename, last_value FROM pg_sequences")).all()
        starts = (f"setval('{name}', {last or 1}, {last is not None})" for name, last in sequences)
        self.sequences = f"SELECT {', '.join(starts)}"

    def reset(self) -> None:
        db.session.remove()
        self.resets += 1
        with db.engine.begin() as connection:
            if self.resets % 40 == 1:  # what was deleted since takes room that slows everything
                connection.execute(text(f"TRUNCATE {', '.join(self.names)} CASCADE"))
            filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in self.names)
            # Faster than TRUNCATE, which makes the files of seventy tables anew. As a replica does: the
            # triggers that forbid to rewrite the history, and the order of foreign keys, are set aside.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for name in connection.scalars(text(filled)).all():
                connection.execute(text(f"DELETE FROM {name}"))
            for name, rows in self.rows.items():
                order = f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, :rows)"
                connection.execute(text(order), {"rows": rows})
            connection.execute(text(self.sequences))

    def drop(self) -> None:
        db.engine.dispose()
        self._manage(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _application(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, SqliteBase | PostgresqlBase]]:
    worker = getattr(request.config, "workerinput", {}).get("workerid", "seul")
    folder = tmp_path_factory.mktemp("base")
    postgresql = request.config.getoption("--base") == "postgresql"
    base = PostgresqlBase(worker) if postgresql else SqliteBase(folder)
    settings = config.load(
        {
            "DATABASE_URL": base.url,
            "SECRET_KEY": "cle-de-test",
            "RELAIS_DEMO": "1",
            "RELAIS_INSTANCE": str(folder),
        }
    )
    cheap = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
    app = create_app(settings, TESTING=True, PROPAGATE_EXCEPTIONS=False, ARGON2=cheap)
    with app.app_context():
        flask_migrate.upgrade()
        load_territoires()
        load_communes()
        db.session.commit()
        base.keep()
    yield app, base
    with app.app_context():
        base.drop()


@pytest.fixture
def app(_application: tuple[Flask, SqliteBase | PostgresqlBase]) -> Iterator[Flask]:
    """The application on an empty base, inside an application context."""
    app, base = _application
    before = dict(app.config)
    with app.app_context():
        base.reset()
        limiter.reset()
        write_calendar(())
        yield app
        db.session.rollback()
        db.session.remove()
    app.config.clear()
    app.config.update(before)


@pytest.fixture(autouse=True)
def every_flow_is_valid(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Path]]:
    """Whatever flow a test writes in this process is shown to lxml, xmllint and xmlschema at its end."""
    written: list[Path] = []
    if not (services.AVAILABLE["shared"]() and services.AVAILABLE["xmllint"]()):
        yield written  # tests/flux/test_validators.py says so
        return

    def recorded(manifest: Manifest, output: Path, *args: Any) -> Manifest:
        made = write(manifest, output, *args)
        # The test may move or break its own file.
        written.append(tmp_path_factory.mktemp("flux") / output.name)
        shutil.copyfile(output, written[-1])
        return made

    monkeypatch.setattr(build, "write", recorded)
    yield written
    for file in written:
        valid_for_all(file)
        shutil.rmtree(file.parent)


@pytest.fixture
def nadia(app: Flask) -> User:
    """She enters the fiches of a structure of Normandie."""
    return factories.provider()


@pytest.fixture
def marc(app: Flask) -> User:
    """He moderates Normandie."""
    return factories.moderator()


@pytest.fixture
def flora(app: Flask) -> User:
    """She funds projects of Normandie."""
    return factories.funder()


@pytest.fixture
def office(app: Flask) -> Iterator[PostOffice]:
    """A mail server of our own, empty."""
    with open_office() as opened:
        yield opened


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody with a browser of their own, not connected yet."""
    return Visitor(app)


class Impatient(WSGIRequestHandler):
    """Browsers open connections ahead, on which they may never ask for anything."""

    timeout = 5


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The application on a real port of this machine; gives its address. Its last request ends before the test does:
    one that is still under way would open the base while the next test puts it back."""
    listener = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Impatient)
    listener.daemon_threads = False  # so that closing waits for each of them
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}"
    listener.shutdown()
    thread.join(10)
    listener.server_close()
