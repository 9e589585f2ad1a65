"""The schema goes forward and back, and says what the models say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from backoffice.core import config
from backoffice.core.extensions import Base, db
from backoffice.web.factory import create_app
from tests.support.bases import PostgresqlBase

VERSIONS = config.MIGRATIONS / "versions"
FROZEN = Path(__file__).with_name("migrations.sha256")


@pytest.fixture
def fresh(request, tmp_path):
    """An application on a base that has no table yet."""
    base = None
    url = f"sqlite:///{tmp_path / 'neuve.sqlite3'}"
    if request.config.getoption("--base") == "postgresql":
        base = PostgresqlBase(f"migrations_{getattr(request.config, 'workerinput', {}).get('workerid', 'seul')}")
        url = base.url
    settings = config.load({"DATABASE_URL": url, "SECRET_KEY": "x", "RELAIS_INSTANCE": str(tmp_path)})
    app = create_app(settings, TESTING=True)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
        if base is not None:
            base.drop()


def tables() -> set[str]:
    db.session.remove()
    return set(inspect(db.engine).get_table_names())


def of_this_base(dialect: str):
    """Filter of Alembic: leaves out the indexes that are declared for the other base only (`ddl_if`)."""
    return lambda item, *_: getattr(getattr(item, "_ddl_if", None), "dialect", None) in (None, dialect)


def test_the_migrations_make_what_the_models_declare(fresh):
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        options = {"include_object": of_this_base(connection.dialect.name)}
        gaps = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
    assert gaps == []


def test_imports_come_and_go_without_touching_the_fiches(fresh):
    flask_migrate.upgrade(revision="0002")
    before = tables()
    columns = {column["name"] for column in inspect(db.engine).get_columns("fiche")}
    assert "foreign_numero" not in columns
    flask_migrate.upgrade(revision="0003")
    assert tables() - before == {"import_job", "import_line", "import_mapping"}
    assert "foreign_numero" in {column["name"] for column in inspect(db.engine).get_columns("fiche")}
    flask_migrate.downgrade(revision="0002")
    assert tables() == before
    assert {column["name"] for column in inspect(db.engine).get_columns("fiche")} == columns
    flask_migrate.upgrade()


def test_the_settings_changed_before_there_was_one_log_are_in_it(fresh):
    flask_migrate.upgrade(revision="0016")
    at = datetime(2026, 11, 2, 8, tzinfo=UTC)
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO territoire (id, slug, nom, prefixe, region, siret_obligatoire,"
                " delai_instruction) VALUES (7, 'normandie', 'Normandie', '28_NO', '28', true, 5)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO user_account (id, email, name, password_hash, active, administrator,"
                " demonstration, created_at) VALUES (3, 'a@exemple.fr', 'A', '', true, true, false, :at)"
            ),
            {"at": at},
        )
        connection.execute(
            text(
                "INSERT INTO setting_change (id, at, actor_id, territoire_id, name, before, after)"
                " VALUES (1, :at, 3, 7, 'delai_instruction', '5 jours', '8 jours')"
            ),
            {"at": at},
        )
    for _ in range(2):
        flask_migrate.upgrade(revision="0017")
        with db.engine.connect() as connection:
            kept = connection.execute(text("SELECT subject, subject_id, actor_id, before, after FROM change")).one()
        assert tuple(kept) == ("territoire", "7", 3, "5 jours", "8 jours")
        flask_migrate.downgrade(revision="0016")


def test_the_numbers_of_structures_go_to_columns_and_come_back(fresh):
    """A column that said something already stays; what the document alone said is lifted."""
    flask_migrate.upgrade(revision="0020")
    said = {"nom": "Ancien nom", "siret": "1", "rna": "W143000001", "categorie": "association", "contact": {"nom": "X"}}
    document = json.dumps({**said, "adresse": {"code_insee": "14118"}})
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO territoire (id, slug, nom, prefixe, region, siret_obligatoire,"
                " delai_instruction) VALUES (7, 'normandie', 'Normandie', '28_NO', '28', true, 5)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO organisme (id, nom, siret, territoire_id, structure, created_at)"
                f" VALUES (4, 'Les Tilleuls', '77897285100068', 7, '{document}', :at)"
            ),
            {"at": datetime(2026, 11, 2, 8, tzinfo=UTC)},
        )
    for _ in range(2):
        flask_migrate.upgrade(revision="0025")
        with db.engine.connect() as connection:
            names = "nom, siret, rna, categorie, commune"
            row = connection.execute(text(f"SELECT {names}, structure FROM organisme")).one()
        kept = json.loads(row[5]) if isinstance(row[5], str) else row[5]
        assert tuple(row[:5]) == ("Les Tilleuls", "77897285100068", "W143000001", "association", "14118")
        assert kept == {"contact": {"nom": "X"}, "adresse": {"code_insee": "14118"}}
        flask_migrate.downgrade(revision="0020")
        with db.engine.connect() as connection:
            back = connection.execute(text("SELECT structure FROM organisme")).scalar_one()
        assert (json.loads(back) if isinstance(back, str) else back)["rna"] == "W143000001"


def test_the_telephones_of_territoires_are_in_one_form_and_none_is_lost(fresh):
    typed = {"normandie": "02.61.91.00.00", "bretagne": "36 46", "corse": "voir le site", "bfc": ""}
    flask_migrate.upgrade(revision="0041")
    with db.engine.begin() as connection:
        for rank, (slug, telephone) in enumerate(typed.items(), 1):
            connection.execute(
                text(
                    "INSERT INTO territoire (id, slug, nom, prefixe, region, siret_obligatoire, delai_instruction,"
                    " contact_telephone) VALUES (:id, :slug, :slug, :slug, :region, true, 5, :telephone)"
                ),
                {"id": rank, "slug": slug, "region": f"{rank:02d}", "telephone": telephone},
            )
    for revision, move, expected in (
        ("0042", flask_migrate.upgrade, ["+33261910000", "3646", "voir le site", ""]),
        ("0041", flask_migrate.downgrade, ["02 61 91 00 00", "36 46", "voir le site", ""]),
    ):
        move(revision=revision)
        with db.engine.connect() as connection:
            found = connection.execute(text("SELECT contact_telephone FROM territoire ORDER BY id")).scalars().all()
        assert found == expected


def test_everything_can_be_undone(fresh):
    flask_migrate.upgrade()
    flask_migrate.downgrade(revision="base")
    assert tables() == {"alembic_version"}


def test_the_checks_of_the_base_refuse_a_mapping_without_owner(fresh):
    flask_migrate.upgrade()
    engine = create_engine(db.engine.url)
    with engine.connect() as connection, pytest.raises(Exception, match="one_owner"):
        connection.execute(text("INSERT INTO import_mapping (chosen) VALUES ('{}')"))
    engine.dispose()


def test_a_migration_that_landed_never_changes():
    """tests/work/migrations.sha256 holds those that are frozen; new ones are chained after them."""
    listed = [line.split() for line in FROZEN.read_text().splitlines()]
    frozen = {name: digest for digest, name in listed}
    assert {name: sha256((VERSIONS / name).read_bytes()).hexdigest() for name in frozen} == frozen
    chain = [Path(script.path).name for script in reversed([*ScriptDirectory(str(config.MIGRATIONS)).walk_revisions()])]
    assert chain[: len(frozen)] == [name for _, name in listed]
