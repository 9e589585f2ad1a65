"""searched: the folded text of each row that is searched, with an index; the rows that exist are folded"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from backoffice.core.text import search_words
from backoffice.migrations.append_only import protect, release

revision = "0032"
down_revision = "0031"

TABLES = {
    "organisme": ("id", "nom", "siret", "nda", "rna", "uai", "structure"),
    "user_account": ("id", "name", "email"),
    "fiche": ("id", "numero", "foreign_numero"),
    "revision": ("id", "title"),
    "convention": ("id", "nom", "reference", "siret", "rna"),
    "territoire": ("id", "nom", "slug", "prefixe"),
    "decision_reason": ("id", "label", "text", "cure"),
    "ready_sentence": ("id", "text"),
    "campaign": ("id", "label"),
    "flux": ("id", "title", "code"),
    "flux_token": ("id", "name"),
    "mail": ("id", "address"),
    "change": ("id", "subject_id", "before", "after"),
    "certification": ("id", "label", "code"),
    "commune": ("code_insee", "nom", "code_insee"),
    "etablissement": ("siret", "denomination", "siret", "nda", "city"),
    "uai": ("uai", "nom", "uai", "siret", "city"),
    "formacode": ("code", "label", "code"),
    "certif_info": ("code", "label", "code", "certification"),
    "school_break": ("zone", "nom", "zone"),
}
"""{table: (column that identifies a row, columns whose words are searched)}."""
DOCUMENT = "structure"
BATCH = 5000
NO_EXTENSION = (
    "Relais cherche avec l’extension pg_trgm, que ce compte PostgreSQL ne peut pas créer. Demandez à qui administre "
    "la base d’exécuter « CREATE EXTENSION pg_trgm; » dans la base de Relais, puis relancez `flask db upgrade`."
)


def upgrade() -> None:
    server = op.get_bind().dialect.name == "postgresql"
    if server:
        _trigrams()
    for table, (key, *columns) in TABLES.items():
        op.add_column(table, sa.Column("searched", sa.Text(), nullable=False, server_default=""))
        if table == "change":
            release(table)
        _fold(table, key, columns)
        if table == "change":
            protect(table)
        if server:
            op.execute(f"CREATE INDEX ix_{table}_searched ON {table} USING gin (searched gin_trgm_ops)")
        elif key == "id":
            op.create_index(f"ix_{table}_searched", table, ["searched"])
        else:
            op.create_index(f"ix_{table}_searched_{key}", table, ["searched", key])


def _trigrams() -> None:
    """Creates pg_trgm: from PostgreSQL 13 on, whoever may create in the database may."""
    base = op.get_bind()
    if base.scalar(sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")):
        return
    try:
        with base.begin_nested():
            base.execute(sa.text("CREATE EXTENSION pg_trgm"))
    except sa.exc.DBAPIError as error:
        raise SystemExit(NO_EXTENSION) from error


def _fold(name: str, key: str, columns: list[str]) -> None:
    base = op.get_bind()
    table = sa.table(name, *map(sa.column, dict.fromkeys((key, *columns, "searched"))))
    rows = base.execute(sa.select(table)).mappings().all()
    known = [key] if key == "id" else list(dict.fromkeys((key, *columns)))
    same = (table.c[column] == sa.bindparam(f"its_{column}") for column in known)
    order = table.update().where(*same).values(searched=sa.bindparam("folded"))
    for start in range(0, len(rows), BATCH):
        base.execute(
            order,
            [
                {
                    "folded": search_words(*_values(dict(row), columns)),
                    **{f"its_{column}": row[column] for column in known},
                }
                for row in rows[start : start + BATCH]
            ],
        )


def _values(row: Mapping[str, Any], columns: list[str]) -> Iterator[str]:
    for column in columns:
        if column != DOCUMENT:
            yield row[column] or ""
            continue
        said = json.loads(row[column]) if isinstance(row[column], str) else row[column]
        yield said.get("raison_sociale") or ""
        yield (said.get("adresse") or {}).get("ville") or ""
        yield (said.get("contact") or {}).get("telephone") or ""


def downgrade() -> None:
    server = op.get_bind().dialect.name == "postgresql"
    for table, (key, *_) in TABLES.items():
        op.drop_index(f"ix_{table}_searched" if server or key == "id" else f"ix_{table}_searched_{key}", table)
        op.drop_column(table, "searched")
