"""what structures are and how far it is verified; doubles told apart or made one"""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backoffice.migrations.append_only import protect, release

revision = "0025"
down_revision = "0020"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WORDS = {"categorie": 30, "nda": 11, "rna": 10, "uai": 8, "qualiopi_source": 120, "commune": 5}
INDEXED = ("nda", "rna", "uai", "commune")
JSONS = {"qualiopi_categories": "[]", "contacts": "{}", "lieux": "[]", "set_aside": "{}"}
MERGED = (
    "merged_into_id INTEGER CONSTRAINT fk_organisme_merged_into_id REFERENCES organisme (id)"
    " CONSTRAINT ck_organisme_merged_elsewhere CHECK (merged_into_id IS NULL OR merged_into_id <> id)"
)
"""Written as SQL: SQLite takes a constraint with its column, and not afterwards."""
NAMES = {"categorie": "categorie", "siret": "siret", "nda": "numero_activite", "rna": "rna", "uai": "uai"}


def upgrade() -> None:
    for name, size in WORDS.items():
        op.add_column("organisme", sa.Column(name, sa.String(length=size), nullable=False, server_default=""))
    for name, empty in JSONS.items():
        op.add_column("organisme", sa.Column(name, JSON, nullable=False, server_default=empty))
    op.add_column("organisme", sa.Column("qualiopi", sa.Boolean(), nullable=True))
    op.add_column("organisme", sa.Column("qualiopi_until", sa.Date(), nullable=True))
    op.add_column("organisme", sa.Column("said_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(f"ALTER TABLE organisme ADD COLUMN {MERGED}")
    for name in (*INDEXED, "merged_into_id"):
        op.create_index(f"ix_organisme_{name}", "organisme", [name])
    _lift_numbers()
    op.create_table(
        "structure_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisme_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=30), nullable=False),
        sa.Column("value", sa.String(length=250), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("findings", JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("subject IN ('siret', 'nda', 'rna', 'uai', 'qualiopi', 'ensemble')", name="subject"),
        sa.CheckConstraint("state IN ('verifiee', 'contredite')", name="state"),
        sa.CheckConstraint("by_hand = (actor_id IS NOT NULL)", name="signed"),
        sa.CheckConstraint("by_hand OR source <> ''", name="sourced"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_structure_check_actor_id"),
        sa.ForeignKeyConstraint(["organisme_id"], ["organisme.id"], name="fk_structure_check_organisme_id"),
        sa.PrimaryKeyConstraint("id", name="pk_structure_check"),
        sa.UniqueConstraint(
            *("organisme_id", "subject", "value", "by_hand"),
            name="uq_structure_check_organisme_id_subject_value_by_hand",
        ),
    )
    op.create_table(
        "structure_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_id < second_id", name="in_order"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_structure_pair_actor_id"),
        sa.ForeignKeyConstraint(["first_id"], ["organisme.id"], name="fk_structure_pair_first_id"),
        sa.ForeignKeyConstraint(["second_id"], ["organisme.id"], name="fk_structure_pair_second_id"),
        sa.PrimaryKeyConstraint("id", name="pk_structure_pair"),
        sa.UniqueConstraint("first_id", "second_id", name="uq_structure_pair_first_id_second_id"),
    )
    op.create_index("ix_structure_pair_second_id", "structure_pair", ["second_id"])
    op.create_table(
        "organisme_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("gone_id", sa.Integer(), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("chosen", JSON, nullable=False),
        sa.Column("moved", JSON, nullable=False),
        sa.Column("absorbed", JSON, nullable=False),
        sa.CheckConstraint("kept_id <> gone_id", name="two"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_organisme_merge_actor_id"),
        sa.ForeignKeyConstraint(["gone_id"], ["organisme.id"], name="fk_organisme_merge_gone_id"),
        sa.ForeignKeyConstraint(["kept_id"], ["organisme.id"], name="fk_organisme_merge_kept_id"),
        sa.PrimaryKeyConstraint("id", name="pk_organisme_merge"),
        sa.UniqueConstraint("gone_id", name="uq_organisme_merge_gone_id"),
    )
    op.create_index("ix_organisme_merge_kept_id", "organisme_merge", ["kept_id"])
    protect("organisme_merge")


def _table() -> sa.TableClause:
    numbers = [sa.column(name, sa.String) for name in NAMES]
    return sa.table("organisme", sa.column("id"), sa.column("structure", JSON), sa.column("commune"), *numbers)


def _lift_numbers() -> None:
    """The numbers go from the document to columns of their own; where a column says something, it stays."""
    table, base = _table(), op.get_bind()
    for row in base.execute(sa.select(table).where(sa.cast(table.c.structure, sa.Text) != "{}")).mappings().all():
        document = json.loads(row["structure"]) if isinstance(row["structure"], str) else dict(row["structure"])
        document.pop("nom", None)
        values = {}
        for name, leaf in NAMES.items():
            said = document.pop(leaf, "") or ""
            values[name] = row[name] or said[: WORDS.get(name, 14)]
        commune = (document.get("adresse") or {}).get("code_insee", "")[:5]
        base.execute(
            table.update().where(table.c.id == row["id"]).values(structure=document, commune=commune, **values)
        )


def downgrade() -> None:
    release("organisme_merge")
    op.drop_table("organisme_merge")
    op.drop_table("structure_pair")
    op.drop_table("structure_check")
    table, base = _table(), op.get_bind()
    for row in base.execute(sa.select(table)).mappings().all():
        said = {leaf: row[name] for name, leaf in NAMES.items() if row[name]}
        base.execute(table.update().where(table.c.id == row["id"]).values(structure={**row["structure"], **said}))
    for name in (*INDEXED, "merged_into_id"):
        op.drop_index(f"ix_organisme_{name}", "organisme")
    for name in (*WORDS, *JSONS, "qualiopi", "qualiopi_until", "said_at", "merged_into_id"):
        op.drop_column("organisme", name)
