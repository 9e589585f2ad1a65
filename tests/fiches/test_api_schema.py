"""The API is held to its own description: schemathesis asks what openapi.json says, and what it forbids."""

from __future__ import annotations

import re
from contextvars import Context
from urllib.parse import parse_qsl, urlencode

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from backoffice.core.extensions import db, limiter
from backoffice.models import RevisionState
from backoffice.queries.fiches.changes import CURSOR, START
from backoffice.reference.communes import read_communes
from exports.open_data.filters import FILTERS
from tests.support import factories as make
from tests.support.visitor import Visitor

PATHS = ("/api/fiches", "/api/fiches/{numero}", "/api/offre.jsonl", "/api/offre.geojson", "/api/offre.csv")
BOUNDED = {
    "seed": 14118,
    "workers": 1,
    "generation": {"max-examples": 15, "deterministic": True, "database": "none"},
    "phases": {"stateful": {"enabled": False}},
}
COMMUNE = next(row for row in FILTERS if row.name == "commune")


@pytest.fixture
def fiche(app, monkeypatch):
    """One published fiche, so that answers have something to be compared; nobody is slowed down."""
    monkeypatch.setattr(limiter, "enabled", False)
    made = make.fiche_in(RevisionState.VALIDEE, make.provider(), make.moderator())
    db.session.rollback()
    return made


def _asked(app):
    """The application, asked without compression, which the client of schemathesis does not undo. A cursor is what the
    API gave before, and `depuis` does not go with `apres`: neither can be written in a schema."""

    def asked(environ, start):
        query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True, errors="surrogateescape"))
        if re.fullmatch(CURSOR, query.get("depuis", "")) and len(query) == environ["QUERY_STRING"].count("&") + 1:
            query["depuis"] = START
            query.pop("apres", None)
            environ["QUERY_STRING"] = urlencode(query, errors="surrogateescape")
        return app(environ | {"HTTP_ACCEPT_ENCODING": "identity"}, start)

    return asked


@pytest.fixture
def description(app, fiche):
    config = SchemathesisConfig.from_dict(BOUNDED)
    schema = Context().run(schemathesis.openapi.from_wsgi, "/api/openapi.json", _asked(app), config=config)
    codes = {row.code_insee for row in read_communes()}

    @schema.hook
    def map_query(context, query):
        # A code of the right shape that no commune has is refused, and 35,000 codes cannot be listed.
        asked = (query or {}).get("commune")
        if isinstance(asked, str) and re.fullmatch(COMMUNE.pattern, asked) and asked not in codes:
            query["commune"] = COMMUNE.example
        return query

    return schema


def run(schema):
    """(calls made, what was found wrong) of all that schemathesis tries."""
    calls, wrong = 0, []

    def follow():
        nonlocal calls
        for happened in from_schema(schema).execute():
            if isinstance(happened, FatalError | NonFatalError):
                wrong.append(str(happened.value if isinstance(happened, NonFatalError) else happened.exception))
            if isinstance(happened, ScenarioFinished):
                calls += len(happened.recorder.interactions)
                for checks in happened.recorder.checks.values():
                    wrong.extend(str(check.failure_info.failure) for check in checks if check.status is Status.FAILURE)

    Context().run(follow)
    return calls, wrong


def test_every_answer_is_as_described(fiche, description):
    assert set(PATHS) == set(description)
    calls, wrong = run(description)
    assert not wrong, "\n".join(wrong[:5])
    assert calls > 200


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_that_holds_a_fiche_is_as_described(app, fiche, description, path):
    numero = fiche.numero
    answer = Visitor(app).get(path.format(numero=numero), buffered=True)
    assert answer.status_code == 200
    assert numero in answer.text
    description[path]["GET"].validate_response(answer)


def wants_another_field(raw):
    raw["components"]["schemas"]["FichePublique"]["required"].append("couleur")


def allows_larger_pages(raw):
    raw["paths"]["/api/fiches"]["get"]["parameters"][-1]["schema"]["maximum"] = 1000


def forgets_that_parameters_are_refused(raw):
    del raw["paths"]["/api/fiches"]["get"]["responses"]["422"]


@pytest.mark.parametrize(
    ("lie", "noticed"),
    [
        (wants_another_field, "couleur"),
        (allows_larger_pages, "Valid data should have been accepted"),
        (forgets_that_parameters_are_refused, "Undocumented status code"),
    ],
)
def test_a_description_that_lies_is_noticed(fiche, description, lie, noticed):
    """The run itself can fail: the same application, under a description that says something else."""
    lie(description.raw_schema)
    _, wrong = run(description.include(path="/api/fiches"))
    assert any(noticed in words for words in wrong), wrong[:3]
