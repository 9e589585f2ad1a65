"""What the application says of itself: one line a request, its number, and nobody's data."""

from __future__ import annotations

import io
import json
import logging

import pytest
from sqlalchemy.exc import IntegrityError

from backoffice import logs
from backoffice.config import ConfigError, load
from backoffice.extensions import db
from backoffice.models import User
from backoffice.views import accueil
from tests import factories as make
from tests.visitor import Visitor


@pytest.fixture
def said(app):
    """The lines written since, each one read as JSON."""
    stream = io.StringIO()
    handler = logs.Handler(stream)
    handler.setFormatter(logs.Line())
    logger = logging.getLogger("backoffice")
    logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


def test_each_request_is_one_line_with_its_number(app, said):
    nadia = make.provider()
    answer = Visitor(app, nadia).get("/fiches/")
    line = said()[-1]
    assert line["route"] == "/fiches/"
    assert (line["level"], line["method"], line["status"], line["user"]) == ("info", "GET", 200, nadia.id)
    assert line["ms"] >= 0
    assert line["request"] == answer.headers["X-Request-ID"]


def test_the_number_that_the_proxy_gives_is_kept_and_no_other_text(app, said):
    visitor = Visitor(app)
    assert visitor.client.get("/", headers={"X-Request-ID": "proxy-0123456789"}).headers["X-Request-ID"] == (
        "proxy-0123456789"
    )
    strange = visitor.client.get("/", headers={"X-Request-ID": 'x" onload="alert(1)'}).headers["X-Request-ID"]
    assert logs.GIVEN.fullmatch(strange)
    assert "onload" not in strange


@pytest.mark.parametrize(
    "path", ["/porteuse/un-secret-de-lien", "/fiches/?q=Nadia", "/api/fiches?q=nadia@exemple.example", "/nulle/part"]
)
def test_no_address_is_ever_written(app, said, path):
    Visitor(app, make.provider()).get(path)
    text = json.dumps(said(), ensure_ascii=False)
    for word in ("secret", "Nadia", "nadia", "nulle", "exemple.example"):
        assert word not in text


def test_signs_of_life_and_files_are_not_told(app, said):
    for path in ("/healthz", "/readyz", "/static/relais.css"):
        Visitor(app).get(path).close()
    assert said() == []


def test_an_error_of_the_base_does_not_tell_what_was_typed(app):
    make.provider()
    db.session.add(User(email=db.session.query(User.email).limit(1).scalar(), name="Secret Typé", password_hash="x"))
    with pytest.raises(IntegrityError) as raised:
        db.session.flush()
    db.session.rollback()
    assert "Secret Typé" not in str(raised.value)


def test_an_unforeseen_error_is_told_by_its_number_and_its_route(app, said, monkeypatch):
    """The person reads the number, the log has it with the trace, and neither has the address."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(accueil, "communes_of", None)
    answer = Visitor(app, make.provider()).get("/communes?q=Secret")
    assert answer.status_code == 500
    (line,) = [one for one in said() if one["level"] == "error"]
    assert (line["route"], line["method"]) == ("/communes", "GET")
    assert "AttributeError" in line["trace"]
    assert line["request"] in answer.text
    assert "Secret" not in json.dumps(line)


def test_the_same_for_a_terminal(app):
    record = logging.LogRecord("workflows.mail", logging.WARNING, "", 0, "le serveur %s", ("se tait",), None)
    record.facts = {"ms": 3}
    assert logs.Words().format(record).endswith("WARNING le serveur se tait ms=3")


def test_an_unknown_form_is_refused_at_start(tmp_path):
    settings = {"RELAIS_INSTANCE": str(tmp_path), "SECRET_KEY": "x"}
    with pytest.raises(ConfigError, match="RELAIS_LOGS"):
        load({**settings, "RELAIS_LOGS": "xml"})
    assert load({**settings, "RELAIS_DEMO": "1"}).logs == "texte"
    assert load(settings).logs == "json"
