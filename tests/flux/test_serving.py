"""Flows over HTTP, asked by a real client on a real port: keys, conditions, ranges, and rebuilds meanwhile."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from lxml import etree

from backoffice.core.clock import now
from backoffice.core.extensions import db, folders
from backoffice.core.snapshot import snapshot
from backoffice.models import Flux, FluxToken, RevisionState
from exports.flux.build import find
from tests.support import factories as make
from workflows.flux import runs

pytestmark = pytest.mark.committed


@pytest.fixture
def published(app, tmp_path, monkeypatch):
    """One published fiche, its flow made and served to anybody."""
    monkeypatch.setattr(folders, "flux", tmp_path / "flux")
    people = make.provider(), make.moderator()
    fiche = make.fiche_in(RevisionState.VALIDEE, *people)
    db.session.query(Flux).filter_by(code="normandie").update({"public": True})
    db.session.commit()
    rebuild()
    return fiche, people


def rebuild(code="normandie"):
    run = runs.ask(db.session(), find(db.session(), code))
    run_id = run.id
    db.session.info.clear()
    db.session.commit()
    runs.run(run_id)
    db.session.expire_all()
    return run_id


class Client:
    """A machine that fetches flows."""

    def __init__(self, server):
        self.address = urlsplit(server)

    def ask(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=20)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body


@pytest.fixture
def client(server):
    db.session.rollback()
    return Client(server)


def test_the_full_flow_in_each_form(published, client):
    _, headers, plain = client.ask("/flux/normandie/complet.xml")
    assert headers["Content-Type"].startswith("application/xml")
    assert etree.fromstring(plain).tag.endswith("lheo")
    _, headers, packed = client.ask("/flux/normandie/complet.xml.gz")
    assert (headers["Content-Type"], headers.get("Content-Encoding")) == ("application/gzip", None)
    assert gzip.decompress(packed) == plain
    _, headers, encoded = client.ask("/flux/normandie/complet.xml", Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in headers["Vary"]
    assert encoded == packed
    _, headers, refused = client.ask("/flux/normandie/complet.xml", Accept_Encoding="gzip;q=0, identity")
    assert (headers.get("Content-Encoding"), refused) == (None, plain)
    _, _, manifest = client.ask("/flux/normandie/manifeste.json")
    assert json.loads(manifest)["sha256"] == hashlib.sha256(packed).hexdigest()
    assert json.loads(manifest)["formations"] == 1


@pytest.mark.parametrize("path", ["complet.xml", "complet.xml.gz", "manifeste.json"])
def test_what_has_not_changed_is_not_sent_again(published, client, path):
    status, headers, body = client.ask(f"/flux/normandie/{path}")
    assert (status, bool(body)) == (200, True)
    assert client.ask(f"/flux/normandie/{path}", If_None_Match=headers["ETag"])[0::2] == (304, b"")
    assert client.ask(f"/flux/normandie/{path}", If_Modified_Since=headers["Last-Modified"])[0::2] == (304, b"")
    assert client.ask(f"/flux/normandie/{path}", If_None_Match='"autre"')[0] == 200
    head = client.ask(f"/flux/normandie/{path}", "HEAD")
    assert (head[0], head[2]) == (200, b"")
    assert head[1]["Content-Length"] == headers["Content-Length"]


def test_a_broken_download_is_resumed_by_a_range(published, client):
    _, headers, body = client.ask("/flux/normandie/complet.xml")
    status, part, tail = client.ask("/flux/normandie/complet.xml", Range="bytes=100-", If_Range=headers["ETag"])
    assert (status, tail) == (206, body[100:])
    assert part["Content-Range"] == f"bytes 100-{len(body) - 1}/{len(body)}"
    assert client.ask("/flux/normandie/complet.xml", Range="bytes=99999999-")[0] == 416


def test_a_flow_that_is_not_public_asks_for_its_own_key(app, published, client):
    db.session.query(Flux).filter_by(code="normandie").update({"public": False})
    db.session.commit()
    runner = app.test_cli_runner()
    key = runner.invoke(args=["flux", "token", "normandie", "--name", "Base nationale"]).output.strip()
    other = runner.invoke(args=["flux", "token", "bretagne", "--name", "Autre"]).output.strip()
    path = "/flux/normandie/complet.xml"
    status, headers, _ = client.ask(path)
    assert (status, headers["WWW-Authenticate"]) == (401, 'Bearer realm="flux"')
    for wrong in ("Bearer faux", f"Bearer {other}", f"Basic {key}", "Bearer", f"Bearer {key}x"):
        assert client.ask(path, Authorization=wrong)[0] == 401
    assert client.ask(path, Authorization=f"Bearer {key}")[0] == 200
    db.session.expire_all()
    token = db.session.query(FluxToken).filter_by(name="Base nationale").one()
    assert token.last_used_at is not None
    assert key not in (token.token_hash, token.name)
    assert "Base nationale" in runner.invoke(args=["flux", "tokens"]).output
    runner.invoke(args=["flux", "revoke", str(token.id)])
    assert client.ask(path, Authorization=f"Bearer {key}")[0] == 401


def test_an_unknown_an_inactive_and_an_unmade_flow_do_not_exist(published, client):
    assert client.ask("/flux/atlantide/complet.xml")[0] == 404
    db.session.query(Flux).filter_by(code="bretagne").update({"public": True})
    db.session.query(Flux).filter_by(code="normandie").update({"active": False})
    db.session.commit()
    assert client.ask("/flux/bretagne/complet.xml")[0] == 404
    assert client.ask("/flux/normandie/complet.xml")[0] == 404


def test_the_differential_since_the_last_manifest(published, client):
    fiche, (by, moderator) = published
    at = json.loads(client.ask("/flux/normandie/manifeste.json")[2])["at"]
    path = f"/flux/normandie/differentiel?depuis={quote(at)}"
    assert client.ask(path)[0] == 204
    make.fiche_in(RevisionState.VALIDEE, by, moderator, make.complete_content("Tout neuf"))
    rebuild()
    status, headers, body = client.ask(path)
    assert (status, headers["Content-Type"].partition(";")[0]) == (200, "application/xml")
    assert etree.fromstring(body).xpath("//*[local-name()='intitule-formation']/text()") == ["Tout neuf"]
    assert client.ask(path, If_None_Match=headers["ETag"])[0] == 304
    at = json.loads(client.ask("/flux/normandie/manifeste.json")[2])["at"]
    make.step(fiche, "archiver", by)
    rebuild()
    status, headers, body = client.ask(f"/flux/normandie/differentiel?depuis={quote(at)}")
    assert (status, headers["Content-Type"].partition(";")[0]) == (200, "application/json")
    assert json.loads(body)["removed"] == [fiche.numero]


@pytest.mark.parametrize("depuis", ["", "hier", "2026-13-01", "%00"])
def test_a_moment_that_cannot_be_read_is_said_so(published, client, depuis):
    status, _, body = client.ask(f"/flux/normandie/differentiel?depuis={depuis}")
    assert status == 400
    assert "depuis" in body.decode()


def test_no_answer_is_torn_or_mixed_while_the_flow_is_made_again(published, client):
    """Readers ask without pause during rebuilds: each body is one whole flow, of one moment."""
    good = {hashlib.sha256(client.ask("/flux/normandie/complet.xml")[2]).hexdigest()}
    stop, seen, wrong = threading.Event(), [], []

    def read(path):
        while not stop.is_set():
            status, headers, body = client.ask(path)
            if status != 200 or int(headers["Content-Length"]) != len(body):
                wrong.append((status, len(body)))
                continue
            plain = gzip.decompress(body) if path.endswith(".gz") else body
            seen.append(hashlib.sha256(plain).hexdigest())

    readers = [threading.Thread(target=read, args=(f"/flux/normandie/complet.{kind}",)) for kind in ("xml", "xml.gz")]
    for reader in readers:
        reader.start()
    for _ in range(15):
        rebuild()
        manifest = json.loads((folders.flux / "normandie" / "manifeste.json").read_text())
        good |= {other["sha256"] for other in manifest["others"].values()}
        time.sleep(0.02)
    stop.set()
    for reader in readers:
        reader.join(20)
    assert wrong == []
    assert len(set(seen)) > 1
    assert set(seen) <= good


def test_the_moment_of_a_manifest_is_after_all_it_tells(published):
    manifest = json.loads((folders.flux / "normandie" / "manifeste.json").read_text())
    at = datetime.fromisoformat(manifest["at"])
    assert at.tzinfo is not None
    assert now() - timedelta(minutes=5) < at <= snapshot(db.session())
    assert at.astimezone(UTC) == at
