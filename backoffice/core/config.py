"""Settings, read from environment variables only. SETTINGS lists each one with its meaning."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

import backoffice

PACKAGE = Path(backoffice.__file__).resolve().parent
STATIC = PACKAGE / "web" / "static"
MIGRATIONS = PACKAGE / "migrations"

SETTINGS = {
    "DATABASE_URL": "SQLAlchemy address of the database; empty: SQLite under instance/",
    "REDIS_URL": "address of Redis, shared by several processes (rate limits, jobs); empty: memory of this process",
    "SECRET_KEY": "key that signs cookies; required when DATABASE_URL names a server",
    "RELAIS_KEYS": "Fernet keys that encrypt telephones' secrets and waiting links, the first one writes; empty: "
    "encryption_key in the instance folder",
    "RELAIS_DEMO": "1: demonstration mode (demonstration accounts may exist and are shown)",
    "RELAIS_FLUX": "folder of the published flows; empty: flux/ in the instance folder",
    "RELAIS_INSTANCE": "folder of the embedded database; empty: instance/ in the checkout, or in the "
    "current folder once the package is installed",
    "RELAIS_HTTPS": "1: cookies travel over HTTPS only (set it behind a TLS proxy)",
    "RELAIS_SMTP": "mail server: smtp://, smtp+starttls:// or smtps://[user:password@]host[:port]; empty: e-mails wait",
    "RELAIS_SENDER": "address e-mails come from; required with RELAIS_SMTP",
    "RELAIS_SITE": "public address of this site, for the links in e-mails; empty: http://127.0.0.1:8000",
    "RELAIS_LOGS": "json: one JSON object a line on the standard error; texte: for a terminal; empty: texte in "
    "demonstration mode, json otherwise",
    "RELAIS_CONTACT": "who answers for personal data and how to reach them, as «Confidentialité» says it; empty: the "
    "Carif-Oref of one's territoire",
    "RELAIS_UPLOADS_PERSON": "megabytes that the waiting files of one person may take; 600 by default",
    "RELAIS_UPLOADS_TOTAL": "megabytes that all waiting files may take; 10000 by default",
    "RELAIS_DISK_RESERVE": "free megabytes below which no file is taken; 1000 by default",
    "RELAIS_WEBHOOKS_LOCAL": "1: webhooks may go to http:// and to private addresses, for trials on one machine",
    "RELAIS_PROXIES": "number of reverse proxies whose X-Forwarded-* headers are believed; 0 by default",
}


def installed() -> bool:
    """Whether Relais runs from an installed package, which contains the templates; False in a checkout."""
    return (PACKAGE / "templates").is_dir()


def templates() -> Path:
    """Folder of the templates of pages, e-mails and exports."""
    return (PACKAGE if installed() else PACKAGE.parent) / "templates"


def home() -> Path:
    """Folder that contains instance/ and from which commands run: the current one when installed, else the checkout."""
    return Path.cwd() if installed() else PACKAGE.parent


SMTP_SCHEMES = ("smtp", "smtp+starttls", "smtps")


class ConfigError(RuntimeError):
    """A setting is missing or invalid; the message says which one and what to write."""


@dataclass(frozen=True)
class Config:
    database_url: str
    redis_url: str
    secret_key: str
    keys: str
    demo: bool
    instance: Path
    flux: Path
    https: bool
    proxies: int
    smtp: str
    sender: str
    site: str
    logs: str
    contact: str
    uploads_person: int = 600_000_000
    uploads_total: int = 10_000_000_000
    disk_reserve: int = 1_000_000_000
    webhooks_local: bool = False

    def as_flask(self) -> dict[str, object]:
        return {
            "SECRET_KEY": self.secret_key,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            # SQL parameters may hold what a user typed: they are kept out of error messages, hence out of logs.
            "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": True, "hide_parameters": True},
            "RELAIS_REDIS_URL": self.redis_url,
            "RATELIMIT_STORAGE_URI": self.redis_url or "memory://",
            "RATELIMIT_HEADERS_ENABLED": False,
            # With Redis down, people can still log in: each process counts for itself.
            "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
            "RELAIS_KEYS": self.keys,
            "RELAIS_DEMO": self.demo,
            "RELAIS_FLUX": self.flux,
            "RELAIS_SMTP": self.smtp,
            "RELAIS_SENDER": self.sender,
            "RELAIS_SITE": self.site,
            "RELAIS_LOGS": self.logs,
            "RELAIS_CONTACT": self.contact,
            "RELAIS_UPLOADS_PERSON": self.uploads_person,
            "RELAIS_UPLOADS_TOTAL": self.uploads_total,
            "RELAIS_DISK_RESERVE": self.disk_reserve,
            "RELAIS_WEBHOOKS_LOCAL": self.webhooks_local,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_SECURE": self.https,
            "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
            # The CSRF token is valid as long as the session: a volunteer may type for hours.
            "WTF_CSRF_TIME_LIMIT": None,
            # A megabyte typed in a field must be answered with an explanation, not with a bare 413.
            "MAX_CONTENT_LENGTH": 6_000_000,
            "MAX_FORM_MEMORY_SIZE": 6_000_000,
            "BOOTSTRAP_SERVE_LOCAL": True,
        }


def load(environ: os._Environ[str] | dict[str, str] | None = None) -> Config:
    """Reads the settings. Raises ConfigError when one is unusable."""
    env = os.environ if environ is None else environ
    instance = Path(env.get("RELAIS_INSTANCE") or home() / "instance")
    demo = env.get("RELAIS_DEMO", "") == "1"
    url = env.get("DATABASE_URL", "").strip()
    try:
        backend = make_url(url).get_backend_name() if url else "sqlite"
    except ArgumentError as error:
        raise ConfigError("DATABASE_URL: adresse de base de données illisible.") from error
    if backend not in ("sqlite", "postgresql", "postgres"):
        raise ConfigError("DATABASE_URL: une adresse postgresql:// ou sqlite:// est attendue.")
    if not url:
        instance.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{instance / 'relais.sqlite3'}"
    elif url.startswith("postgres://"):
        url = url.replace("postgres://", "postgresql://", 1)
    proxies = env.get("RELAIS_PROXIES", "0")
    if not proxies.isdecimal():
        raise ConfigError("RELAIS_PROXIES: un nombre entier est attendu.")
    redis_url = env.get("REDIS_URL", "").strip()
    if redis_url and not redis_url.startswith(("redis://", "rediss://")):
        raise ConfigError("REDIS_URL: une adresse redis:// ou rediss:// est attendue.")
    smtp, sender = env.get("RELAIS_SMTP", "").strip(), env.get("RELAIS_SENDER", "").strip()
    if smtp and (urlsplit(smtp).scheme not in SMTP_SCHEMES or not urlsplit(smtp).hostname):
        raise ConfigError("RELAIS_SMTP: une adresse smtp://serveur:port est attendue (ou smtp+starttls://, smtps://).")
    if smtp and "@" not in sender:
        raise ConfigError("RELAIS_SENDER: l’adresse e-mail d’où partent les messages est attendue avec RELAIS_SMTP.")
    site = (env.get("RELAIS_SITE", "").strip() or "http://127.0.0.1:8000").rstrip("/")
    if urlsplit(site).scheme not in ("http", "https") or not urlsplit(site).hostname:
        raise ConfigError("RELAIS_SITE: une adresse https:// est attendue.")
    logs = env.get("RELAIS_LOGS", "").strip() or ("texte" if demo else "json")
    if logs not in ("json", "texte"):
        raise ConfigError("RELAIS_LOGS: « json » ou « texte » est attendu.")
    return Config(
        database_url=url,
        redis_url=redis_url,
        secret_key=env.get("SECRET_KEY", "") or _own_key(instance, allowed=backend == "sqlite" or demo),
        keys=env.get("RELAIS_KEYS", ""),
        demo=demo,
        instance=instance,
        flux=Path(env.get("RELAIS_FLUX") or instance / "flux"),
        https=env.get("RELAIS_HTTPS", "") == "1",
        proxies=int(proxies),
        smtp=smtp,
        sender=sender,
        site=site,
        logs=logs,
        contact=env.get("RELAIS_CONTACT", "").strip(),
        uploads_person=_bytes(env, "RELAIS_UPLOADS_PERSON", 600),
        uploads_total=_bytes(env, "RELAIS_UPLOADS_TOTAL", 10_000),
        disk_reserve=_bytes(env, "RELAIS_DISK_RESERVE", 1_000),
        webhooks_local=env.get("RELAIS_WEBHOOKS_LOCAL", "") == "1",
    )


def _bytes(env: os._Environ[str] | dict[str, str], name: str, usual: int) -> int:
    """A setting in megabytes, as bytes."""
    said = env.get(name, "").strip() or str(usual)
    if not said.isdecimal():
        raise ConfigError(f"{name}: un nombre entier de mégaoctets est attendu.")
    return int(said) * 1_000_000


def serving() -> bool:
    """Whether this process serves pages, rather than runs another command."""
    command = click.get_current_context(silent=True)
    return command is None or command.info_name == "run"


def _own_key(instance: Path, *, allowed: bool) -> str:
    """The key kept in the instance folder, created if missing. Raises ConfigError when a server needs SECRET_KEY."""
    if not allowed and serving():
        raise ConfigError(
            "SECRET_KEY est obligatoire dès que DATABASE_URL désigne un serveur. "
            'Pour en fabriquer une : python -c "import secrets; print(secrets.token_hex(32))"'
        )
    instance.mkdir(parents=True, exist_ok=True)
    file = instance / "secret_key"
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return file.read_text().strip()
