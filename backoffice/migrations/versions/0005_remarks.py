"""remarks, ready sentences, corrections by moderators and what is contested, duplicates"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0007"

FACTS = ("remark", "remark_event")

ADDED = (
    (
        "revision",
        "origin VARCHAR(30) DEFAULT 'structure' NOT NULL"
        " CONSTRAINT ck_revision_origin CHECK (origin IN ('structure', 'moderateur'))",
    ),
    ("revision", "commune VARCHAR(5) DEFAULT '' NOT NULL"),
    (
        "fiche",
        "merged_into_id INTEGER CONSTRAINT fk_fiche_merged_into_id REFERENCES fiche (id)"
        " CONSTRAINT ck_fiche_merged_is_archived CHECK (merged_into_id IS NULL OR state = 'archivee')",
    ),
)
"""Written as SQL: SQLite takes a constraint with its column, and not afterwards."""


def upgrade() -> None:
    for table, column in ADDED:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.create_index("ix_fiche_merged_into_id", "fiche", ["merged_into_id"])
    _fill_communes()
    op.create_index("ix_revision_commune", "revision", ["commune", "fiche_id"])
    op.create_table(
        "remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fiche_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("anchor", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(trim(text)) > 0", name="said"),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_remark_fiche_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_remark_revision_id"),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_remark_author_id"),
        sa.PrimaryKeyConstraint("id", name="pk_remark"),
    )
    op.create_index("ix_remark_fiche_id", "remark", ["fiche_id"])
    op.create_index("ix_remark_revision_id", "remark", ["revision_id"])
    op.create_table(
        "remark_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("remark_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=30), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("act IN ('repondue', 'traitee', 'rouverte', 'retiree')", name="act"),
        sa.ForeignKeyConstraint(["remark_id"], ["remark.id"], name="fk_remark_event_remark_id"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_remark_event_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_remark_event"),
    )
    op.create_index("ix_remark_event_remark_id", "remark_event", ["remark_id"])
    for table in FACTS:
        _append_only(table)
    op.create_table(
        "ready_sentence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=False),
        sa.Column("pattern", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_ready_sentence_territoire_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ready_sentence"),
    )
    op.create_index("ix_ready_sentence_territoire_id", "ready_sentence", ["territoire_id"])
    op.create_table(
        "distinct_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_id < second_id", name="in_order"),
        sa.ForeignKeyConstraint(["first_id"], ["fiche.id"], name="fk_distinct_pair_first_id"),
        sa.ForeignKeyConstraint(["second_id"], ["fiche.id"], name="fk_distinct_pair_second_id"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_distinct_pair_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_distinct_pair"),
        sa.UniqueConstraint("first_id", "second_id", name="uq_distinct_pair_first_id_second_id"),
    )
    op.create_index("ix_distinct_pair_second_id", "distinct_pair", ["second_id"])
    op.create_table(
        "contestation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(trim(text)) > 0", name="said"),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by_id IS NULL) AND (closed_at IS NULL) = (answer IS NULL)", name="closed"
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_contestation_revision_id"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_contestation_actor_id"),
        sa.ForeignKeyConstraint(["closed_by_id"], ["user_account.id"], name="fk_contestation_closed_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contestation"),
        sa.UniqueConstraint("revision_id", name="uq_contestation_revision_id"),
    )


def _fill_communes() -> None:
    """The commune of the first place of each version, from its document."""
    path = (
        "document -> 'lieux' -> 0 -> 'adresse' ->> 'code_insee'"
        if _postgresql()
        else "json_extract(document, '$.lieux[0].adresse.code_insee')"
    )
    op.execute(f"UPDATE revision SET commune = COALESCE({path}, '')")  # noqa: S608 - two constants


def _append_only(table: str) -> None:
    if _postgresql():
        op.execute(
            f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
        )
        return
    for act in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _postgresql() -> bool:
    return bool(op.get_bind().dialect.name == "postgresql")


def downgrade() -> None:
    for table in ("contestation", "distinct_pair", "ready_sentence", *reversed(FACTS)):
        op.drop_table(table)
    if _postgresql():
        for table in FACTS:
            op.execute(f"DROP FUNCTION {table}_append_only()")
    op.drop_index("ix_revision_commune", table_name="revision")
    op.drop_index("ix_fiche_merged_into_id", table_name="fiche")
    for table, column in ADDED:
        op.drop_column(table, column.split()[0])
