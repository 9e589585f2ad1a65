"""The base under test, and how it is reset between tests: by rollback, or by emptying its tables.

Most tests run on one connection, inside a transaction rolled back at the end: their commits release a savepoint. A test
that needs a second connection has the mark ``committed``, or uses the fixture ``server``: its rows are really
committed, and the tables are emptied before the next test. Such a test uses threads, processes, a server or a browser,
or makes a flow by its job, which writes its progress in one session while it reads in another.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import Engine

from backoffice.core.extensions import db

from . import services

KEPT_TABLES = {"commune", "commune_postal_code", "alembic_version"}
"""Reference tables: filled once, never changed by tests."""
SERVED = 100
"""Number of tests after which tables are truncated on PostgreSQL: dead rows make every query slower."""


class SqliteBase:
    """A file, restored from a copy after a test that committed."""

    sequences = ""
    """Empty: a rollback also undoes SQLite's row ids."""

    def __init__(self, folder: Path):
        self.file, self.copy = folder / "relais.sqlite3", folder / "vierge.sqlite3"
        self.url = f"sqlite:///{self.file}"

    def keep(self) -> None:
        db.engine.dispose()
        engine = create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(text("SELECT 1"))
        engine.dispose()  # an open one would keep reading the shared memory of a deleted WAL
        shutil.copy(self.file, self.copy)

    def reset(self, *, anew: bool = False) -> None:
        db.engine.dispose()
        for suffix in ("-wal", "-shm"):
            Path(f"{self.file}{suffix}").unlink(missing_ok=True)
        shutil.copy(self.copy, self.file)

    def sequences_of(self, connection: Connection) -> str:
        return self.sequences

    def drop(self) -> None: ...


class PostgresqlBase:
    """A database for this test worker. `reset` restores the rows present when `keep` was called."""

    def __init__(self, name: str):
        if not services.AVAILABLE["postgresql"]():
            pytest.skip(services.REASONS["postgresql"])
        self.name = f"{services.NAME}_{name}"
        self.url = f"{services.POSTGRESQL}/{self.name}"
        self._manage(
            f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)",
            f"CREATE DATABASE {self.name}",
            # No test needs durability after a power failure: commits do not wait for the disk.
            f"ALTER DATABASE {self.name} SET synchronous_commit = off",
        )

    def _manage(self, *orders: str) -> None:
        engine = create_engine(f"{services.POSTGRESQL}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for order in orders:
                connection.execute(text(order))
        engine.dispose()

    def keep(self) -> None:
        self.names = sorted(set(db.metadata.tables) - KEPT_TABLES)
        with db.engine.connect() as connection:
            rows = {name: connection.scalar(text(f"SELECT json_agg(t)::text FROM {name} t")) for name in self.names}
            self.rows = {name: found for name, found in rows.items() if found}
            self.sequences = self.sequences_of(connection)

    def reset(self, *, anew: bool = False) -> None:
        with db.engine.begin() as connection:
            if anew:
                connection.execute(text(f"TRUNCATE {', '.join(self.names)} CASCADE"))
            filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in self.names)
            # Faster than TRUNCATE, which recreates the files of seventy tables. The replica role disables
            # the triggers that protect the history, and the foreign key checks.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for name in connection.scalars(text(filled)).all():
                connection.execute(text(f"DELETE FROM {name}"))
            for name, rows in self.rows.items():
                order = f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, :rows)"
                connection.execute(text(order), {"rows": rows})
            connection.execute(text(self.sequences))

    def sequences_of(self, connection: Connection) -> str:
        """The statement that restores every sequence to its present value, which a rollback does not do."""
        sequences = connection.execute(text("SELECT sequencename, last_value FROM pg_sequences")).all()
        starts = (f"setval('{name}', {last or 1}, {last is not None})" for name, last in sequences)
        return f"SELECT {', '.join(starts)}"

    def drop(self) -> None:
        db.engine.dispose()
        self._manage(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


GROUNDS: dict[str, Callable[[], Any]] = {}
"""{fixture name: function that fills the base for a group of tests}."""


def ground(make: Callable[[], Any]) -> Any:
    """Makes a fixture whose rows are written once for a group of tests; each test sees them unchanged.

    `make` commits its rows and returns their ids, never rows of the session. It uses no other fixture.
    """
    GROUNDS[make.__name__] = make

    @pytest.fixture(name=make.__name__)
    def given(app: Any, _application: Any) -> Any:
        return _application[1].ground_of(make.__name__)

    return given


class Turns:
    """Prepares the base for each test. Call it within an application context."""

    def __init__(self, base: SqliteBase | PostgresqlBase):
        self.base = base
        self.connection: Connection | None = None
        self.name: str | None = None
        self.made: Any = None
        self.committed = False
        self.written = False
        """Whether a test has committed rows since the tables were last emptied."""
        self.served = 0
        """Number of tests since the last truncation."""

    def begin(self, name: str | None, *, committed: bool) -> None:
        """Starts a test on the ground of that name, else on an empty base."""
        db.session.remove()
        self.committed = committed
        self.served += 1
        if committed:
            self._leave()
            self._empty()
            self.written = True
            return
        if self.connection is None or name is None or name != self.name:
            self._leave()
            if self.written or self.served >= SERVED:
                self._empty()
            self._enter(name)
        assert self.connection is not None
        self._restart_sequences()
        self.turn = self.connection.begin_nested()

    def end(self) -> None:
        db.session.remove()
        if self.connection is not None:
            self.turn.rollback()

    def ground_of(self, name: str) -> Any:
        """The value returned by the ground; a committed test makes its own now."""
        return GROUNDS[name]() if self.committed else self.made

    def drop(self) -> None:
        self._leave()
        self.base.drop()

    def _empty(self) -> None:
        anew = self.served >= SERVED
        self.base.reset(anew=anew)
        self.written = False
        if anew:
            self.served = 0

    def _enter(self, name: str | None) -> None:
        engine: Any = db.engine
        self.engine: Engine = engine
        self.connection = connection = engine.connect()
        connection.begin()
        db.engines[None] = connection  # type: ignore[index]
        self.sequences = self.base.sequences
        if name is not None:
            self._restart_sequences()
            # A savepoint, so that commits in `make` release their own and never end the outer transaction.
            with connection.begin_nested():
                self.made = GROUNDS[name]()
                db.session.remove()
            self.sequences = self.base.sequences_of(connection)
        self.name = name

    def _restart_sequences(self) -> None:
        if self.sequences and self.connection is not None:
            self.connection.execute(text(self.sequences))

    def _leave(self) -> None:
        if self.connection is None:
            return
        db.engines[None] = self.engine  # type: ignore[index]
        self.connection.close()
        self.connection, self.name, self.made = None, None, None
