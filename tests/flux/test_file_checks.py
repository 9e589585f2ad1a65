"""Checking a file is a job: the page answers at once, memory stays flat, a killed check is taken up again."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backoffice.core import uploads
from backoffice.core.clock import now
from backoffice.core.extensions import db, jobs
from backoffice.web.factory import create_app
from tests.support import factories as make
from tests.support.formations import HEAD, TAIL, document, formation
from tests.support.visitor import Visitor
from tests.work.test_jobs import environment, redis_queue, run_worker, worker  # noqa: F401 - a fixture
from workflows.flux import file_checks

from .test_file_check_pages import FAULTY, send

ALLOWED = 40
DAY = 24 * 3600
"""MiB that a large file may add to what a process holds."""


@pytest.fixture
def nadia(app) -> Visitor:
    return Visitor(app, make.provider())


@pytest.mark.committed
@pytest.mark.redis
def test_with_redis_the_page_answers_before_the_check_and_follows_it(app, redis_queue, nadia):  # noqa: F811
    assert send(nadia, FAULTY.encode()).status_code == 303
    waits = nadia.see("/lheo/verifier/resultat").text
    assert "Vérification en cours" in waits
    assert "data-suivi" in waits
    assert nadia.get("/lheo/verifier/rapport.json").status_code == 404
    run_worker(app, redis_queue)
    assert "1 faute à corriger" in nadia.see("/lheo/verifier/resultat").text.replace("\u00a0", " ")
    assert list(uploads.folder("verifications").glob("*.envoi")) == []


@pytest.mark.committed
@pytest.mark.redis
def test_a_second_file_takes_the_place_of_the_first(app, redis_queue, nadia):  # noqa: F811
    send(nadia, FAULTY.encode(), "premier.xml")
    send(nadia, document(formation()).encode(), "second.xml")
    assert len(list(uploads.folder("verifications").glob("*.envoi"))) == 1
    run_worker(app, redis_queue)
    assert "Vérification de second.xml" in nadia.see("/lheo/verifier/resultat").text


@pytest.mark.committed
@pytest.mark.redis
def test_a_check_that_was_lost_is_asked_again(app, redis_queue, nadia):  # noqa: F811
    send(nadia, FAULTY.encode())
    redis_queue.empty()
    run_worker(app, redis_queue)
    assert "Vérification en cours" in nadia.see("/lheo/verifier/resultat").text
    assert nadia.post("/lheo/verifier/relancer").status_code == 303
    run_worker(app, redis_queue)
    assert "Vérification de flux.xml" in nadia.see("/lheo/verifier/resultat").text


def test_the_progress_is_told(app, monkeypatch):
    monkeypatch.setattr(file_checks, "TOLD_EVERY", 0)
    seen = []
    write = file_checks._write
    monkeypatch.setattr(
        file_checks, "_write", lambda file, value: (seen.append(value.get("formations")), write(file, value))
    )
    file_checks.ask("compte", io.BytesIO(document(*[formation()] * 250).encode()), "flux.xml")
    assert seen[:3] == [0, 100, 200]
    assert json.loads(file_checks.report_of("compte").read_text())["comptes"]["formations"] == 250
    assert file_checks.waiting("compte") is None


def test_files_that_nobody_checks_are_forgotten(app):
    folder = uploads.folder("verifications")
    for name, age in (("vieux.envoi", DAY + 60), ("jeune.envoi", 60), ("rapport.json", 10 * DAY)):
        (folder / name).write_text("{}")
        os.utime(folder / name, (now().timestamp() - age,) * 2)
    assert file_checks.purge(db.session(), now() - timedelta(seconds=DAY), 10) == 1
    assert not (folder / "vieux.envoi").exists()
    assert (folder / "jeune.envoi").exists()
    assert (folder / "rapport.json").exists()
    for name in ("jeune.envoi", "rapport.json"):
        (folder / name).unlink()


# --- A file of more than a hundred megabytes ------------------------------------------------------------


def large_file() -> Iterator[bytes]:
    """120 MB: 300 formations that each carry 400 kB of extras."""
    yield HEAD.encode()
    heavy = f'<extras info="essai"><extra info="texte">{"a" * 400_000}</extra></extras>'
    one = formation()
    end = one.rindex("</formation>")
    text = (one[:end] + heavy + one[end:] + "\n").encode()
    for _ in range(300):
        yield text
    yield TAIL.encode()


def served(queue: str):
    """The application, whose work waits in a queue of the test's own."""
    app = create_app()
    with app.app_context():
        jobs.use(queue)
    return app


@pytest.fixture
def gunicorn(app, redis_queue):  # noqa: F811
    """The production server, one process, on the base under test; gives its port and the process that answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    served = f"{__name__}:served({redis_queue.name!r})"
    command = [sys.executable, "-m", "gunicorn", served, "--bind", f"127.0.0.1:{port}", "--threads", "2"]
    with subprocess.Popen([*command, "--no-control-socket"], env=environment(app), stderr=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + 60
            while time.monotonic() < until and not _answers(port):
                time.sleep(0.2)
            children = subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=True)
            yield port, int(children.stdout.split()[0])
        finally:
            server.terminate()
            server.wait(30)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def peak(pid: int) -> int:
    """Most memory that a process has held, in MiB."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) // 1024


class Browser:
    """One person over HTTP."""

    def __init__(self, port: int):
        self.port, self.cookie = port, ""

    def ask(self, method: str, path: str, body=None, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        origin = {"Origin": f"http://127.0.0.1:{self.port}", "Cookie": self.cookie}
        connection.request(method, path, body, {**origin, **headers})
        answer = connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            self.cookie = cookie.partition(";")[0]
        connection.close()
        return answer.status, text

    def token(self, path: str) -> str:
        return re.search(r'name="csrf_token" value="([^"]+)"', self.ask("GET", path)[1])[1]


@pytest.mark.committed
@pytest.mark.redis
def test_more_than_a_hundred_megabytes_cost_neither_the_server_nor_the_worker_their_memory(gunicorn, app):
    person = make.provider()
    email = person.email
    db.session.remove()
    port, pid = gunicorn
    nadia = Browser(port)
    form = urlencode({"courriel": email, "mot_de_passe": make.PASSWORD, "csrf_token": nadia.token("/connexion")})
    kind = "application/x-www-form-urlencoded"
    assert nadia.ask("POST", "/connexion", form, **{"Content-Type": kind})[0] == 303
    token = nadia.token("/lheo/verifier")
    before = peak(pid)
    head = (
        f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
        '--x\r\nContent-Disposition: form-data; name="fichier"; filename="gros.xml"\r\n\r\n'
    ).encode()
    parts = [head, *large_file(), b"\r\n--x--\r\n"]
    size = sum(map(len, parts))
    assert size > 115_000_000
    started = time.monotonic()
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(size)}
    assert nadia.ask("POST", "/lheo/verifier", iter(parts), **headers)[0] == 303
    assert peak(pid) - before <= ALLOWED
    assert "Vérification en cours" in nadia.ask("GET", "/lheo/verifier/resultat")[1]
    assert time.monotonic() - started < 60
    queue = app.extensions["relais_jobs"]
    assert memory_of_worker(app, queue) <= before + ALLOWED
    assert "300 formations" in nadia.ask("GET", "/lheo/verifier/resultat")[1].replace("\u00a0", " ")


def memory_of_worker(app, queue) -> int:
    """Most memory that a worker, or the process of one of its jobs, has held, in MiB."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    command = [sys.executable, "-c", code, *worker(queue), "--burst"]
    done = subprocess.run(command, env=environment(app), capture_output=True, text=True, timeout=120, check=True)
    return int(done.stdout.split()[-1])
