"""Fixtures: the base under test, the application on it, visitors; skips the tests whose services are missing.

A test gets an empty, migrated base that holds the reference tables (territoires, communes). The whole suite runs once
per base: ``pytest --base sqlite``, then ``pytest --base postgresql``, which runs only the tests that open a base.
``pytest --base none`` runs the others.
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
from werkzeug.serving import WSGIRequestHandler, make_server

from backoffice.cli.seed import load_communes, load_territoires
from backoffice.core import config
from backoffice.core.extensions import db, limiter
from backoffice.models import User
from backoffice.reference.school_holidays import write_calendar
from backoffice.web.factory import create_app
from exports.flux import build
from exports.flux.writer import Manifest, write
from tests.support.bases import GROUNDS, PostgresqlBase, SqliteBase, Turns
from tests.support.post_office import PostOffice, open_office
from tests.support.validators import valid_for_all
from tests.support.visitor import Visitor

from .support import factories, services

pytest_plugins = ("tests.support.clock",)


def pytest_addoption(parser: pytest.Parser) -> None:
    help_ = "base under test; with none, only the tests that open no base"
    parser.addoption("--base", choices=("sqlite", "postgresql", "none"), default="sqlite", help=help_)


BASES = {"app", "fresh", "away"}
"""Fixtures that open a base."""

STORIES = {"test_story.py", "test_moderation.py"}
"""Browser test files that run on both bases: they take a fiche through its whole life."""
PHONE = "390px"
"""Part of the name of their variants on a phone, which run with SQLite only."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects tests whose result does not depend on the base: no base, browser pages, marked `once`. They run with
    SQLite only."""
    base = config.getoption("--base")
    if base == "sqlite":
        return
    if base == "none":
        kept = [item for item in items if not _opens_a_base(item)]
    else:
        kept = [item for item in items if _opens_a_base(item) and _is_run_on_both(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _opens_a_base(item: pytest.Item) -> bool:
    return bool(BASES & set(getattr(item, "fixturenames", ())))


def _is_run_on_both(item: pytest.Item) -> bool:
    in_browser = item.path.parent.name == "browser"
    return not item.get_closest_marker("once") and (
        not in_browser or (item.path.name in STORIES and PHONE not in item.name)
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """In CI a skipped test fails: every service that a test needs must be there."""
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
    """The folder of published reference files, beside the checkout."""
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
    """The published LHEO schema, compiled."""
    return etree.XMLSchema(etree.parse(lheo_facts / "lheo-2.3.xsd"))


# --- Base -------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _application(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Turns]]:
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
    turns = Turns(base)
    yield app, turns
    with app.app_context():
        turns.drop()


SEEN_BY_OTHERS = {"server", "redis_queue", "nursery"}
"""Fixtures that start a thread or a process with a database connection of its own."""


@pytest.fixture
def app(request: pytest.FixtureRequest, _application: tuple[Flask, Turns]) -> Iterator[Flask]:
    """The application, inside an application context, on an empty base or on the ground that the test requests."""
    app, turns = _application
    before = dict(app.config)
    others = SEEN_BY_OTHERS & set(request.fixturenames)
    committed = bool(others or request.node.get_closest_marker("committed"))
    with app.app_context():
        limiter.reset()
        write_calendar(())
        turns.begin(next((name for name in request.fixturenames if name in GROUNDS), None), committed=committed)
        yield app
        db.session.rollback()
        turns.end()
    app.config.clear()
    app.config.update(before)


@pytest.fixture(autouse=True)
def every_flow_is_valid(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Path]]:
    """Validates, at the end of the test, each flow it wrote in this process: with lxml, xmllint and xmlschema."""
    written: list[Path] = []
    if not (services.AVAILABLE["shared"]() and services.AVAILABLE["xmllint"]()):
        yield written  # tests/flux/test_validators.py reports it
        return

    def recorded(manifest: Manifest, output: Path, *args: Any) -> Manifest:
        made = write(manifest, output, *args)
        # A copy: the test may move or damage its own file.
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
    """Responsable of a structure of Normandie."""
    return factories.provider()


@pytest.fixture
def marc(app: Flask) -> User:
    """Moderator of Normandie."""
    return factories.moderator()


@pytest.fixture
def flora(app: Flask) -> User:
    """Funder in Normandie."""
    return factories.funder()


@pytest.fixture
def office(app: Flask) -> Iterator[PostOffice]:
    """A local SMTP server, with no message yet."""
    with open_office() as opened:
        yield opened


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A new browser session, not logged in."""
    return Visitor(app)


class Impatient(WSGIRequestHandler):
    """Handler with a read timeout: browsers open spare connections and may send nothing on them."""

    timeout = 5


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """Serves the application on a local port; yields its URL. Closing waits for running requests: a later one would use
    the base while the next test resets it."""
    listener = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Impatient)
    listener.daemon_threads = False  # so that server_close waits for every request
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}"
    listener.shutdown()
    thread.join(10)
    listener.server_close()
