"""Flask extensions, created once and bound by the application factory; settings of SQLite connections."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

from flask import Flask, current_app
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


QUEUE = "relais"
"""Name of the RQ queue in Redis, which other applications may share."""


class Jobs:
    """RQ queue of background jobs; `queue` is None without Redis. See workflows.work.jobs."""

    def init_app(self, app: Flask) -> None:
        url = app.config["RELAIS_REDIS_URL"]
        app.extensions["relais_jobs"] = make_queue(url) if url else None

    @property
    def queue(self) -> Queue | None:
        queue: Queue | None = current_app.extensions["relais_jobs"]
        return queue

    def use(self, name: str) -> None:
        """Makes this process enqueue jobs in the queue of this name. No effect without Redis."""
        if current_app.config["RELAIS_REDIS_URL"]:
            current_app.extensions["relais_jobs"] = make_queue(current_app.config["RELAIS_REDIS_URL"], name)


def make_queue(url: str, name: str = QUEUE) -> Queue:
    """Returns an RQ queue serialised as JSON, not pickle: Redis holds data, never code."""
    return Queue(name, connection=Redis.from_url(url), serializer=JSONSerializer, default_timeout=3600)


db = SQLAlchemy(model_class=Base)
migrate = Migrate()
login = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address)
bootstrap = Bootstrap5()
babel = Babel()
jobs = Jobs()

read_only: ContextVar[bool] = ContextVar("read_only", default=False)
"""True while a read-only request is served: SQLite then takes no write lock."""


PATIENCE = 15_000
"""Milliseconds that a SQLite transaction waits for the write lock."""


@event.listens_for(Engine, "connect")
def _open_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # SQLAlchemy, not the driver, begins transactions: see _begin_sqlite.
    connection.isolation_level = None
    for pragma in (f"busy_timeout={PATIENCE}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    # SQLite has no row lock. A transaction that may write takes the only write lock first, so that what it reads
    # cannot change before it decides: the equivalent of FOR UPDATE on PostgreSQL.
    if connection.dialect.name != "sqlite":
        return
    if connection.get_execution_options().get("at_once"):
        # For writes that can be postponed: raises OperationalError at once when another connection is writing.
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={PATIENCE}")
        return
    connection.exec_driver_sql("BEGIN" if read_only.get() else "BEGIN IMMEDIATE")


class Folders:
    """Folders of files, for code that must not import Flask."""

    flux = Path()
    registres = Path()
    """Tables imported from registers; they replace those shipped with the application."""

    def init_app(self, app: Flask) -> None:
        self.flux = Path(app.config["RELAIS_FLUX"])
        self.registres = Path(app.instance_path) / "registres"


folders = Folders()


class Post:
    """E-mail settings, for code that must not import Flask."""

    server = ""
    sender = ""
    site = ""
    wake: Callable[[list[int]], None] = staticmethod(lambda ids: None)
    """Requests the sending of the mails with these ids. Set by the factory, so that callers do not import jobs."""

    def init_app(self, app: Flask, wake: Callable[[list[int]], None]) -> None:
        self.server, self.sender = app.config["RELAIS_SMTP"], app.config["RELAIS_SENDER"]
        self.site = app.config["RELAIS_SITE"]
        self.wake = wake


post = Post()
