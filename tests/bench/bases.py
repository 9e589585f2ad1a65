"""Bases at the size of the country: seeded as the demonstration is, copied, and multiplied by ten.

The large base holds, beside the seeded fiches, nine more that carry the fragment of each: same bytes,
another numero, far enough from the first that no compressor sees the repetition (32 KiB). Reading,
checking and writing a flow cost the same as for fiches of their own.
"""

from __future__ import annotations

from typing import Any

import flask_migrate
from sqlalchemy import Connection, create_engine, func, insert, select, text
from sqlalchemy.orm import Session

from backoffice.cli.seed import load_territoires
from backoffice.core import config
from backoffice.core.clock import now
from backoffice.core.extensions import Base, db
from backoffice.demo.bulk import load_bulk
from backoffice.models import Fiche, FicheState, Fragment, Publication, Revision, User
from backoffice.web.factory import create_app
from tests.support import services
from workflows.fiches.fast_lane import Change, update_session

BATCH = 2_000
COPIED = (
    "territoire",
    "user_account",
    "membership",
    "assignment",
    "organisme",
    "fragment",
    "fiche",
    "revision",
    "publication",
    "flux",
)


def migrated(url: str, instance: str) -> Any:
    """The application on an empty, migrated base."""
    app = create_app(
        config.load({"DATABASE_URL": url, "SECRET_KEY": "x", "RELAIS_INSTANCE": instance, "RELAIS_DEMO": "1"})
    )
    with app.app_context():
        flask_migrate.upgrade()
    return app


def seed(url: str, instance: str, fiches: int) -> int:
    """Returns the sessions."""
    with migrated(url, instance).app_context():
        load_territoires()
        sessions = load_bulk(db.session(), fiches, now())
        db.session.commit()
        db.engine.dispose()
    return sessions


def new_postgresql(name: str) -> str:
    drop_postgresql(name)
    _manage(f"CREATE DATABASE {name}")
    return f"{services.POSTGRESQL}/{name}"


def drop_postgresql(name: str) -> None:
    _manage(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _manage(order: str) -> None:
    engine = create_engine(f"{services.POSTGRESQL}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(order))
    engine.dispose()


def copy(source: str, target: str, instance: str, every: int = 1) -> None:
    """The tables that a flow reads, to a new base; with `every`, one fiche of so many."""
    migrated(target, instance)
    kept = select(Fiche.id).where(Fiche.id % every == 0)
    chosen: dict[str, Any] = {
        "fiche": Fiche.id.in_(kept),
        "revision": Revision.fiche_id.in_(kept),
        "publication": Publication.fiche_id.in_(kept),
    }
    reader, writer = create_engine(source), create_engine(target)
    with reader.connect() as old, writer.begin() as new:
        _without_order(new)
        for name in COPIED:
            table = Base.metadata.tables[name]
            rows = old.execute(select(table).where(chosen.get(name, text("1 = 1")))).mappings()
            while batch := rows.fetchmany(BATCH):
                new.execute(insert(table), [dict(row) for row in batch])
            _next_id(new, name)
    for engine in (reader, writer):
        engine.dispose()


def _without_order(connection: Connection) -> None:
    """Fiches and revisions name each other: while copying, the base does not look."""
    server = connection.dialect.name == "postgresql"
    connection.execute(text("SET session_replication_role = replica" if server else "PRAGMA defer_foreign_keys = ON"))


def _next_id(connection: Connection, table: str) -> None:
    if connection.dialect.name == "postgresql":
        order = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))"
        connection.execute(text(order))


def multiply(url: str, factor: int) -> None:
    """`factor` times as many published fiches, by rows that carry the fragments there are."""
    engine = create_engine(url)
    with engine.begin() as connection:
        _without_order(connection)
        largest = {t: connection.execute(select(func.max(t.id))).scalar_one() for t in (Fiche, Fragment, Publication)}
        same = {
            Fragment: "sha256, code_version, actions, sessions, facets, built_at, xml",
            Fiche: "dispositif, organisme_id, territoire_id, created_at",
        }
        for round_ in range(1, factor):
            gap = {table: largest[table] * round_ for table in largest}
            orders = (
                f"INSERT INTO fragment (id, {same[Fragment]}) SELECT id + {gap[Fragment]}, {same[Fragment]} "
                f"FROM fragment WHERE id <= {largest[Fragment]}",
                f"INSERT INTO fiche (id, state, numero, {same[Fiche]}) "
                f"SELECT id + {gap[Fiche]}, 'non_publiee', 'Z{round_}_' || numero, {same[Fiche]} "
                f"FROM fiche WHERE id <= {largest[Fiche]} AND numero IS NOT NULL",
                f"INSERT INTO publication (id, fiche_id, fragment_id, territoire_id, at) "
                f"SELECT id + {gap[Publication]}, fiche_id + {gap[Fiche]}, fragment_id + {gap[Fragment]}, "
                f"territoire_id, at "
                f"FROM publication WHERE id <= {largest[Publication]}",
            )
            for order in orders:
                connection.execute(text(order))
        for table in largest:
            _next_id(connection, table.__tablename__)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def change(url: str, instance: str, number: int) -> None:
    """So many fiches change, each by its own structure, through the fast lane."""
    app = create_app(config.load({"DATABASE_URL": url, "SECRET_KEY": "x", "RELAIS_INSTANCE": instance}))
    with app.app_context():
        for fiche in db.session.scalars(
            select(Fiche).where(Fiche.state == FicheState.PUBLIEE).order_by(Fiche.id).limit(number)
        ).all():
            _change(db.session(), fiche)
            db.session.commit()
        db.engine.dispose()


def _change(session: Session, fiche: Fiche) -> None:
    actor = session.scalars(
        select(User).join(User.memberships).where(User.memberships.any(organisme_id=fiche.organisme_id))
    )
    (action, *_) = session.get_one(Revision, fiche.published_revision_id).content.actions
    update_session(
        session, fiche.id, Change(action.id, action.sessions[0].id, places_libres=1_234), actor.unique().first()
    )
