"""The package and the image: what goes in, and that an installed Relais works far from its sources."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support import services
from tests.support.tree import ROOT

RECIPE = "docs/exploitation/Containerfile"
FILES = {"LICENCE.md", "pyproject.toml", "requirements.txt", "setup.py", "wsgi.py"}
FOLDERS = {"backoffice", "exports", "forms", "templates", "workflows"}
STRAYS = (
    ".env",
    ".git/config",
    ".venv/bin/python",
    "backoffice/.env",
    "backoffice/__pycache__/config.cpython-311.pyc",
    "backoffice/instance/secret_key",
    "backoffice/relais.sqlite3",
    "backoffice/relais.sqlite3-wal",
    "docs/exploitation/relais.env",
    "exports/secret_key",
    "forms/serveur.key",
    "instance/flux/france.xml.gz",
    "instance/relais.sqlite3",
    "instance/secret_key",
    "relais.env",
    "relais.sqlite3",
    "templates/relais.env",
    "tests/test_secret.py",
    "workflows/serveur.pem",
)
"""What a checkout that served may hold, and no image."""


def files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def ignored(rules: list[str], name: str) -> bool:
    """Whether .dockerignore keeps a file out. A rule matches a path and all below it; the last match decides."""
    out = False
    for rule in rules:
        pattern = re.escape(rule.removeprefix("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(f"{pattern}(/.*)?", name):
            out = not rule.startswith("!")
    return out


def copies(recipe: str) -> list[tuple[list[str], str]]:
    """(sources, destination) of each COPY from the context."""
    lines = [line.split()[1:] for line in recipe.splitlines() if re.match(r"\s*(COPY|ADD)\b", line, re.IGNORECASE)]
    return [(words[:-1], words[-1]) for words in lines]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the sources of this checkout, and of nothing that running them has left."""
    folder = tmp_path_factory.mktemp("depot") / "relais"
    left = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=left)
    for name in FILES | {".dockerignore", RECIPE}:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def sources(checkout) -> set[str]:
    return {name for name in files(checkout) if name in FILES or name.split("/")[0] in FOLDERS}


@pytest.fixture(scope="module")
def stage(checkout, sources, tmp_path_factory) -> Path:
    """The folder of the build stage of the image, as .dockerignore and the COPY lines make it."""
    for name in STRAYS:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("secret")
    rules = [line for line in (checkout / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    context = {name for name in files(checkout) if not ignored(rules, name)}
    assert context == sources
    folder = tmp_path_factory.mktemp("image")
    for wanted, destination in copies((checkout / RECIPE).read_text()):
        for source in wanted:
            found = {name for name in context if name == source or name.startswith(f"{source}/")}
            assert found, source
            for name in found:
                # A folder is copied as its content, a file under its own name.
                inside = name.removeprefix(f"{source}/") if name != source else Path(name).name
                (folder / destination / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(checkout / name, folder / destination / inside)
    return folder


@pytest.fixture(scope="module")
def wheel(stage, tmp_path_factory) -> Path:
    """`pip wheel` in the build stage; with the setuptools at hand, so that nothing is downloaded."""
    built, folder = shutil.copytree(stage, tmp_path_factory.mktemp("roue") / "sources"), tmp_path_factory.mktemp("dist")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, "."]
    done = subprocess.run(pip, cwd=built, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (file,) = folder.glob("relais-*.whl")
    return file


def test_the_image_is_given_the_sources_and_nothing_else(stage, sources):
    assert files(stage) == sources


@pytest.mark.once
def test_the_wheel_holds_every_source(wheel, sources):
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        (_licence,) = (name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENCE.md"))
        declared = message_from_bytes(archive.read(metadata))
    inside = {re.sub("^templates/", "backoffice/templates/", name) for name in sources - FILES}
    assert names == inside | {"wsgi.py"}
    assert declared["License-Expression"] == "EUPL-1.2"


class Installed:
    """An environment that holds the wheel and sees the dependencies of this one, and a folder to start from."""

    def __init__(self, wheel: Path, folder: Path):
        self.bin, self.home = folder / "venv" / "bin", folder / "ailleurs"
        self.home.mkdir()
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        pip = [sys.executable, "-m", "pip", "--python", self.bin / "python", "install", "--quiet"]
        subprocess.run([*pip, "--no-deps", "--no-index", wheel], check=True)
        (self.site,) = (folder / "venv").glob("lib/python*/site-packages")
        self.site.joinpath("dependances.pth").write_text(sysconfig.get_path("purelib") + "\n")
        self.port = services.free_port()
        ours = ("PYTHON", "RELAIS_", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FLASK_", "COV")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
            "RELAIS_DEMO": "1",
            "RELAIS_SITE": f"http://127.0.0.1:{self.port}",
        }

    def python(self, *words: str) -> str:
        """What Python says when started with these words; a status other than 0 is a failure."""
        command = [self.bin / "python", *words]
        done = subprocess.run(command, cwd=self.home, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def flask(self, *words: str) -> str:
        return self.python("-m", "flask", "--app", "wsgi", *words)

    def get(self, path: str) -> tuple[str, str]:
        """(media type, text) of an address of the running server."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return answer.headers.get_content_type(), answer.read().decode()


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Installed:
    made = Installed(wheel, tmp_path_factory.mktemp("installation"))
    made.flask("db", "upgrade")
    made.flask("seed", "demo")
    return made


@pytest.fixture
def server(installed):
    """gunicorn on the installed package, until it answers."""
    gunicorn = ["-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{installed.port}", "--no-control-socket"]
    with (installed.home / "gunicorn.log").open("w+") as log:
        process = subprocess.Popen(
            [installed.bin / "python", *gunicorn], cwd=installed.home, env=installed.env, stdout=log, stderr=log
        )
        try:
            for _ in range(120):
                assert process.poll() is None, (installed.home / "gunicorn.log").read_text()
                try:
                    installed.get("/readyz")
                    break
                except (urllib.error.URLError, ConnectionError):
                    time.sleep(0.25)
            else:
                pytest.fail((installed.home / "gunicorn.log").read_text())
            yield
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.once
def test_the_base_of_an_installed_package_is_in_the_current_folder(installed):
    for module in ("backoffice", "exports", "forms", "workflows", "wsgi"):
        code = f"import importlib.util; print(importlib.util.find_spec('{module}').origin)"
        assert Path(installed.python("-c", code).strip()).is_relative_to(installed.site)
    assert (installed.home / "instance" / "relais.sqlite3").is_file()
    assert f"cd {installed.home} && " in installed.flask("jobs", "crontab")
    assert not [*installed.site.rglob("*.sqlite3*"), *installed.site.rglob("secret_key")]


@pytest.mark.once
def test_an_installed_package_builds_a_flow(installed):
    installed.flask("flux", "build", "france", "--output", "flux.xml")
    assert (installed.home / "flux.xml").read_text().count("<formation ") > 10
    assert installed.flask("lheo", "check", "flux.xml")


@pytest.mark.once
def test_an_installed_package_serves_pages_and_files(installed, server):
    kind, page = installed.get("/")
    assert kind == "text/html"
    assert "Relais" in page
    sheets = re.findall(r'href="(/[^"]+\.css[^"]*)"', page)
    assert any("relais" in sheet for sheet in sheets)
    for sheet in sheets:
        assert installed.get(sheet)[0] == "text/css"
    assert installed.get("/aide/")[0] == "text/html"
