"""The guide of an operator: its commands are run in order, far from the system, and make a site that opens.

Run by `make guide` and in the long mode of CI: its name keeps it out of the suite, for it takes minutes.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import sysconfig
import time
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.support import services
from tests.support.tree import ROOT

FOLDER = ROOT / "docs" / "exploitation"
GUIDE = (ROOT / "docs" / "exploitation.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]
OF_THE_SYSTEM = ("apt-get", "timedatectl", "useradd")
"""Commands that are not run: they change the machine."""
PASSWORD = "quatre chevaux gris au pré"
ADDRESS = "prenom.nom@exemple.fr"


class Machine:
    """What the guide installs, under one folder, with ports and names of its own. Everything it starts ends with it."""

    def __init__(self, root: Path):
        self.root, self.sources = root, root / "depot"
        self.site, self.proxy, self.plain, self.redis, self.smtp = (services.free_port() for _ in range(5))
        self.server = make_url(services.POSTGRESQL)
        self.role = f"{services.NAME}_guide_{os.environ.get('PYTEST_XDIST_WORKER', 'seul')}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        ours = ("PYTHON", "RELAIS_", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FLASK_", "COV", "PG")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
            "PATH": f"{root}/usr/local/bin:{os.environ['PATH']}:/usr/sbin",
            "PGHOST": str(self.server.host),
            "PGPORT": str(self.server.port),
            "PGUSER": str(self.server.username),
            "PGPASSWORD": self.server.password or "",
        }
        for name in ("etc/redis", "etc/systemd/system", "usr/local/bin", "var/log/nginx", "var/lib/redis"):
            (root / name).mkdir(parents=True)
        for name in ("sites-available", "sites-enabled"):
            (root / "etc/nginx" / name).mkdir(parents=True)
        (root / "etc/redis/redis.conf").write_text(f"bind 127.0.0.1\nport {self.redis}\ndir {root}/var/lib/redis\n")
        self.nginx = root / "etc/nginx/nginx.conf"
        spare = "".join(
            f"{kind}_temp_path {root}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""
        self.nginx.write_text(
            f"{user} daemon off; pid {root}/nginx.pid; error_log {root}/nginx.log; events {{}}\n"
            f"http {{ {spare} include {root}/etc/nginx/sites-enabled/*; }}\n"
        )
        left = shutil.ignore_patterns("__pycache__", "*.pyc")
        for name in ("backoffice", "exports", "forms", "templates", "workflows"):
            shutil.copytree(ROOT / name, self.sources / name, ignore=left)
        for name in ("LICENCE.md", "pyproject.toml", "requirements.txt", "setup.py", "wsgi.py"):
            shutil.copy(ROOT / name, self.sources / name)
        copied = self.sources / "docs" / "exploitation"
        copied.mkdir(parents=True)
        for file in FOLDER.iterdir():
            copied.joinpath(file.name).write_text(self.adapted(file.read_text()))

    def adapted(self, text: str) -> str:
        """The text with the folders, ports, role and databases of this machine."""
        text = re.sub(r"runuser -u \w+ -- ", "", text)
        text = re.sub(r"-o relais ", "", text)
        text = re.sub(r"(?<![\w.*}])/(?=(opt/relais|etc|usr/local/bin|var/(lib|backups|log))\b)", f"{self.root}/", text)
        text = re.sub(r"\[::\]:\d+", "[::1]:{}", text)
        text = re.sub(r"^ *listen \[.*\n", "", text, flags=re.MULTILINE)  # a machine of tests may have no IPv6
        text = re.sub(r"\blisten 80;", f"listen 127.0.0.1:{self.plain};", text)
        text = re.sub(r"\blisten 443\b", f"listen 127.0.0.1:{self.proxy}", text)
        text = text.replace("smtp.example:587", f"127.0.0.1:{self.smtp}").replace("127.0.0.1:8000", self.here)
        text = text.replace("127.0.0.1:6379", f"127.0.0.1:{self.redis}")
        base = self.server.set(username=self.role, password=None, database=self.role).render_as_string()
        return text.replace("postgresql:///relais", base)

    @property
    def here(self) -> str:
        return f"127.0.0.1:{self.site}"

    def run(self, line: str) -> None:
        """Runs one line of the guide, as this machine can. Anything but success is a failure of the test."""
        words = shlex.split(line)
        if words[0] in OF_THE_SYSTEM:
            return
        if words[0] == "systemctl":
            self.systemctl(words[1], [word for word in words[2:] if word != "--now"])
            return
        if words[0] == "journalctl":
            asked = [words[rank + 1] for rank, word in enumerate(words) if word == "--unit"]
            assert asked
            assert all(self.unit(name, FOLDER).is_file() for name in asked)
            return
        self.sh(self.command(line, words), typed=f"{PASSWORD}\n{PASSWORD}\n")
        if words[:3] == ["python3", "-m", "venv"]:
            self.share_dependencies()

    def command(self, line: str, words: list[str]) -> str:
        """What is run in the place of a line of the guide."""
        line, python = self.adapted(line), shlex.quote(sys.executable)
        venv = self.root / "opt/relais/.venv"
        if words[:3] == ["python3", "-m", "venv"]:
            return f"{python} -m venv --without-pip {venv}"
        if words[0].endswith("/pip") and words[1] == "wheel":
            return f"{python} -m pip wheel --quiet --no-build-isolation {' '.join(words[2:])}"
        if words[0].endswith("/pip") and "-r" in words:
            return f"{python} -m pip install --quiet --dry-run --no-index -r requirements.txt"
        if words[0].endswith("/pip"):
            return f"{python} -m pip --python {venv}/bin/python install --quiet --no-index {' '.join(words[2:])}"
        if words[0] == "certbot":
            folder = self.root / "etc/letsencrypt/live" / words[words.index("--domain") + 1]
            folder.mkdir(parents=True)
            files = f"-keyout {folder}/privkey.pem -out {folder}/fullchain.pem"
            return f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x {files}"
        if words[0] == "nginx":
            return f"nginx -c {self.nginx} -e {self.root}/nginx.log {' '.join(words[1:])}"
        if {"createuser", "createdb", "dropdb", "psql"} & set(words):
            return re.sub(r"(?<![\w/.-])relais(?=(_essai)?\b)", self.role, line)
        return line

    def sh(self, command: str, typed: str = "") -> None:
        done = subprocess.run(
            ["sh", "-ec", command],
            cwd=self.sources,
            env=self.env,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            start_new_session=True,  # no terminal: a password is read from the input
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    def share_dependencies(self) -> None:
        """The new environment sees the libraries of this one, and has their commands: nothing is downloaded."""
        venv = self.root / "opt/relais/.venv"
        (packages,) = venv.glob("lib/python*/site-packages")
        packages.joinpath("dependances.pth").write_text(sysconfig.get_path("purelib") + "\n")
        for name in ("flask", "gunicorn"):
            script = Path(sysconfig.get_path("scripts"), name).read_text().split("\n", 1)[1]
            file = venv / "bin" / name
            file.write_text(f"#!{venv}/bin/python\n{script}")
            file.chmod(0o755)

    # --- In the place of systemd ---------------------------------------------------------------------

    @staticmethod
    def unit(name: str, folder: Path) -> Path:
        return folder / (re.sub(r"@\w+$", "@", name) + ("" if name.endswith((".timer", ".service")) else ".service"))

    def systemctl(self, verb: str, names: list[str]) -> None:
        for name in names:
            if verb == "stop":
                self.stop(name)
            elif name == "redis-server":
                self.start(name, ["redis-server", f"{self.root}/etc/redis/redis.conf"], self.env)
            elif name == "nginx":
                self.start(name, ["nginx", "-c", str(self.nginx), "-e", f"{self.root}/nginx.log"], self.env)
            elif name.endswith(".timer"):
                assert self.unit(name.removesuffix(".timer"), self.root / "etc/systemd/system").is_file()
            else:
                self.serve(name)

    def serve(self, name: str) -> None:
        """Starts a service by each Exec… of its unit, with the environment that the unit names."""
        lines = self.unit(name, self.root / "etc/systemd/system").read_text().splitlines()
        facts = [line.split("=", 1) for line in lines if re.match(r"[A-Z]\w+=", line)]
        said = {key: [value for one, value in facts if one == key] for key, _ in facts}
        settings = Path(said["EnvironmentFile"][0]).read_text()
        env = self.env | {
            key: "".join(shlex.split(value)) for key, value in re.findall(r"^([A-Z_]+)=(.*)$", settings, re.MULTILINE)
        }
        for key in ("ExecStartPre", "ExecStart", "ExecStartPost"):
            for value in said.get(key, []):
                command = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(value)]
                if key == "ExecStart" and "oneshot" not in said.get("Type", []):
                    self.start(name, command, env)
                else:
                    subprocess.run(command, cwd=said["WorkingDirectory"][0], env=env, check=True, capture_output=True)

    def start(self, name: str, command: list[str], env: dict[str, str]) -> None:
        with (self.root / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=self.root / "opt/relais", env=env, stdout=log, stderr=log)
        self.running[name] = process
        end = time.monotonic() + 60
        while not self.lives(name, process.pid):
            assert process.poll() is None, (self.root / f"{name}.log").read_text()
            assert time.monotonic() < end, f"{name} : {(self.root / f'{name}.log').read_text()}"
            time.sleep(0.1)

    def lives(self, name: str, pid: int) -> bool:
        """Whether a service is at work: it answers, or says on the instance folder that it runs."""
        if name == "redis-server":
            return services.listening(self.redis)
        if name == "nginx":
            return services.listening(self.proxy)
        if name == "relais-web":
            try:
                with urllib.request.urlopen(f"http://{self.here}/healthz", timeout=5) as answer:
                    return answer.read() == b"ok\n"
            except OSError:
                return False
        try:
            opened = [os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()]  # noqa: PTH115 - of a process
        except FileNotFoundError:
            return False
        return str(self.root / "var/lib/relais/.en-marche") in opened

    def stop(self, name: str) -> None:
        process = self.running.pop(name, None)
        if process is not None:
            process.terminate()
            process.wait(30)

    def end(self) -> None:
        for name in reversed([*self.running]):
            self.stop(name)
        for words in (["dropdb", f"{self.role}_essai"], ["dropdb", self.role], ["dropuser", self.role]):
            subprocess.run([words[0], "--if-exists", words[1]], env=self.env, check=True)


@pytest.fixture
def machine(tmp_path):
    for name in ("postgresql", "redis-server", "nginx", "systemd-analyze", "openssl", "curl"):
        there = services.AVAILABLE["postgresql"]() if name == "postgresql" else shutil.which(name)
        if not there:
            pytest.skip(f"{name} n’est pas là")
    made = Machine(tmp_path)
    made.end()  # what a killed run left
    yield made
    made.end()


def page_after_login(port: int) -> str:
    """The address of the page that the first administrator gets, through the proxy."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=trusting), urllib.request.HTTPCookieProcessor(CookieJar())
    )
    address = f"https://127.0.0.1:{port}/connexion"
    with opener.open(address) as answer:
        (token,) = set(re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', answer.read().decode()))
    typed = {"csrf_token": token, "courriel": ADDRESS, "mot_de_passe": PASSWORD}
    asked = urllib.request.Request(address, urllib.parse.urlencode(typed).encode(), {"Referer": address})
    with opener.open(asked) as answer:
        return urllib.parse.urlsplit(answer.url).path


@pytest.mark.once
@pytest.mark.postgresql
def test_the_commands_of_the_guide_make_a_site_that_opens(machine):
    assert len(LINES) > 50
    for line in LINES:
        machine.run(line)
    assert page_after_login(machine.proxy) == "/compte/second-facteur"
    assert services.listening(machine.plain)
    (backup, *others) = sorted((machine.root / "var/backups/relais").iterdir())
    assert others
    assert backup.stat().st_mode & 0o077 == 0
    assert "appendonly yes" in (machine.root / "etc/redis/relais.conf").read_text()
