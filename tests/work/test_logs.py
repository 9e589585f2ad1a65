"""What the application says of itself: one line a request, its number, and nobody's data."""

from __future__ import annotations

import io
import json
import logging
import subprocess

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backoffice.core import logs
from backoffice.core.config import ConfigError, load
from backoffice.core.extensions import db, post
from backoffice.core.permissions import Role
from backoffice.models import FailedJob, Membership, RevisionState, User
from backoffice.web.views import home
from tests.support import factories as make
from tests.support.post_office import open_office
from tests.support.visitor import Visitor
from workflows.notices import mail
from workflows.privacy import retention
from workflows.work import failures, jobs

from .test_jobs import environment, redis_queue, worker  # noqa: F401 - a fixture


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
    monkeypatch.setattr(home, "communes_of", None)
    answer = Visitor(app, make.provider()).get("/communes?q=Secret")
    assert answer.status_code == 500
    (line,) = [one for one in said() if one["level"] == "error"]
    assert (line["route"], line["method"]) == ("/communes", "GET")
    assert "AttributeError" in line["trace"]
    assert line["request"] in answer.text
    assert "Secret" not in json.dumps(line)


def test_the_same_for_a_terminal(app):
    record = logging.LogRecord("workflows.notices.mail", logging.WARNING, "", 0, "le serveur %s", ("se tait",), None)
    record.facts = {"ms": 3}
    assert logs.Words().format(record).endswith("WARNING le serveur se tait ms=3")


def test_an_unknown_form_is_refused_at_start(tmp_path):
    settings = {"RELAIS_INSTANCE": str(tmp_path), "SECRET_KEY": "x"}
    with pytest.raises(ConfigError, match="RELAIS_LOGS"):
        load({**settings, "RELAIS_LOGS": "xml"})
    assert load({**settings, "RELAIS_DEMO": "1"}).logs == "texte"
    assert load(settings).logs == "json"


# --- Nobody's data, wherever something is written -------------------------------------------------------

MARKS = ("Mirabelle", "marquée", "Quatremarques", "mirabelle", "261917777", "02 61 91 77 77")
"""A name, an address, a structure, a phone: whoever finds one in a log could know who it was."""


@pytest.fixture
def everything_written(app):
    """What every logger of the process wrote, as it would be written on the standard error, both ways."""
    stream = io.StringIO()
    handlers = []
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in (*logs.PACKAGES, "rq", "werkzeug", "flask_limiter"))]
    for form in logs.FORMATS.values():
        handler = logs.Handler(stream)
        handler.setFormatter(form())
        handlers += [(logger, handler) for logger in loggers]
    for logger, handler in handlers:
        logger.addHandler(handler)
    yield stream.getvalue
    for logger, handler in handlers:
        logger.removeHandler(handler)


def explode(text: str) -> None:
    """A job that fails as ours may: its message holds what was typed."""
    try:
        int(text)
    except ValueError as error:
        raise LookupError(f"{text} n’est pas connu") from error


def marked_story(app):
    """Somebody called Mirabelle does everything, wrongly too."""
    person = make.user("Mirabelle Quatremarques")
    structure = make.organisme("Les Quatremarques")
    person.memberships.append(Membership(role=Role.RESPONSABLE, organisme=structure))
    content = make.complete_content("Ateliers de Mirabelle")
    content.formation.contact.nom = "Quatremarques"
    content.formation.contact.courriel = "mirabelle@quatremarques.example"
    content.formation.contact.telephone = "+33261917777"
    db.session.commit()
    marc = make.moderator()
    fiche = make.fiche_in(RevisionState.VALIDEE, person, marc, content)
    draft = make.draft(person, content)
    id_, draft_id, numero, token = fiche.id, draft.id, fiche.numero, "jeton-de-Mirabelle-marquée"
    stranger, mine, theirs = Visitor(app), Visitor(app, person), Visitor(app, marc)
    for path in (
        f"/lien/{token}",
        f"/porteuse/{token}",
        f"/adresse-enquete/{token}",
        f"/mes-donnees/effacement/{token}",
        f"/flux/normandie/complet.xml?cle={token}",
        "/communes?q=Mirabelle",
        "/fiches/?q=Mirabelle%00",
        "/Mirabelle/nulle-part?courriel=mirabelle@quatremarques.example",
        f"/api/fiches?q=Mirabelle&numero={numero}",
        f"/fiches/{id_}",
        f"/historique/{id_}",
        "/mes-donnees/mes-donnees-relais.zip",
    ):
        for visitor in (stranger, mine, theirs):
            visitor.get(path, buffered=True)
    for path, data in (
        ("/connexion", {"courriel": "mirabelle@quatremarques.example", "mot_de_passe": "marquée-à-tort"}),
        ("/connexion", {"courriel": "Mirabelle\x00", "mot_de_passe": "marquée"}),
        ("/connexion/lien", {"courriel": "mirabelle.quatremarques@exemple.fr"}),
        ("/fiche-asl", {"nom": "Mirabelle", "courriel": "x", "structure": "Quatremarques", "code_postal": "0"}),
        ("/mes-donnees/effacer", {"compris": "oui", "mot_de_passe": "marquée-à-tort"}),
        (f"/fiches/{draft_id}/saisie/structure", {"structure-contact-telephone": "02 61 91 77 77" * 40}),
        (f"/fiches/{draft_id}/brouillon/structure", {"structure-nom": "Quatremarques" * 9000}),
        ("/import/", {"nature": "Mirabelle"}),
    ):
        for visitor in (stranger, mine):
            visitor.see("/connexion")
            visitor.post(path, data)
    stranger.client.get("/", headers={"X-Request-ID": "Mirabelle Quatremarques", "User-Agent": "Mirabelle"})
    return person.id


def test_nothing_typed_and_nobody_is_ever_written(app, everything_written, monkeypatch):
    person_id = marked_story(app)
    written = everything_written()
    assert f"user={person_id}" in written, "la personne est dite par son numéro"
    assert [status for status in ("200", "303", "401", "404", "422") if f"status={status}" not in written] == []
    # What nobody foresaw: the message of an error is what was typed.
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(home, "communes_of", explode)
    answer = Visitor(app, make.provider("Mirabelle Autre")).get("/communes?q=Mirabelle")
    assert answer.status_code == 500
    assert "Mirabelle" not in answer.text.partition("<main")[2].partition("</main")[0]
    # Work that fails, with and without a message of its own.
    jobs.start("tests.work.test_logs.explode", ["Mirabelle Quatremarques"])
    with open_office() as office:
        office.answers["rcpt"] = "550 mirabelle@quatremarques.example inconnue"
        mail.sweep()
    office_is_gone = post.server
    post.server = "smtp://127.0.0.1:1"
    mail.sweep()
    post.server = office_is_gone
    retention.run()
    written = everything_written()
    assert "LookupError" in written, "le travail en échec est dit"
    assert "ValueError" in written, "et sa cause"
    lines = [line for line in written.splitlines() if any(mark in line for mark in MARKS)]
    # The arguments of a job are ids and names of ours: this one, made for the test, is the only exception.
    assert [line for line in lines if "explode" not in line] == []
    kept = db.session.scalars(select(FailedJob)).one()
    assert "LookupError" in kept.reason
    assert not any(mark in kept.reason for mark in MARKS)


def test_the_trace_of_an_error_has_its_cause_its_place_and_no_message(app):
    try:
        explode(MARKS[0])
    except LookupError as error:
        told = logs.trace(error)
    assert told.splitlines()[-1] == "LookupError"
    assert "ValueError" in told
    assert "in explode" in told
    assert "Mirabelle" not in told


@pytest.mark.committed
@pytest.mark.redis
def test_a_worker_keeps_and_writes_no_message_either(app, redis_queue):  # noqa: F811
    redis_queue.enqueue("workflows.work.jobs.perform", "tests.work.test_logs.explode", MARKS[0])
    db.session.remove()
    command = [*worker(redis_queue), "--burst"]
    done = subprocess.run(command, env=environment(app), capture_output=True, text=True, timeout=60, check=True)
    assert "LookupError" in done.stderr
    (failed,) = failures.failed(db.session())
    assert failed.reason == "LookupError"
    for text in (done.stderr, done.stdout, failed.trace):
        assert not any(mark in text for mark in MARKS)
