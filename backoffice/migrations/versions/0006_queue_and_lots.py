"""the queue: territoire, nature and due day of each version sent; saved views; lots of decisions"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0008"

NATURES = "'premiere', 'modification', 'renouvellement'"
WAITING = "state IN ('soumise', 'en_instruction')"

ADDED = (
    "territoire_id INTEGER CONSTRAINT fk_revision_territoire_id REFERENCES territoire (id)",
    f"nature VARCHAR(30) CONSTRAINT ck_revision_nature CHECK (nature IS NULL OR nature IN ({NATURES}))",
    "due_on DATE",
    "superseded BOOLEAN DEFAULT FALSE NOT NULL",
)
"""Written as SQL: SQLite takes a constraint with its column, and not afterwards."""


def upgrade() -> None:
    op.add_column("territoire", sa.Column("delai_instruction", sa.Integer(), server_default="5", nullable=False))
    for column in ADDED:
        op.execute(f"ALTER TABLE revision ADD COLUMN {column}")
    _fill()
    op.drop_index("ix_revision_queue", table_name="revision")
    queue = ["territoire_id", "state", "submitted_at", "id", "moderator_id"]
    op.create_index("ix_revision_queue", "revision", queue)
    decided = ["territoire_id", "state", "superseded", "decided_at", "id"]
    op.create_index("ix_revision_decided", "revision", decided)
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_saved_view_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.UniqueConstraint("user_id", "name", name="uq_saved_view_user_id_name"),
    )
    op.create_table(
        "lot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=30), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=30), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "action IN ('valider', 'renvoyer', 'attribuer', 'rendre', 'archiver', 'rouvrir', 'suspendre')",
            name="action",
        ),
        sa.CheckConstraint("status IS NULL OR status IN ('attend', 'en_cours', 'fini', 'echec')", name="status"),
        sa.ForeignKeyConstraint(["created_by_id"], ["user_account.id"], name="fk_lot_created_by_id"),
        sa.ForeignKeyConstraint(["assignee_id"], ["user_account.id"], name="fk_lot_assignee_id"),
        sa.ForeignKeyConstraint(["undoes_id"], ["lot.id"], name="fk_lot_undoes_id"),
        sa.PrimaryKeyConstraint("id", name="pk_lot"),
        sa.UniqueConstraint("undoes_id", name="uq_lot_undoes_id"),
    )
    op.create_index("ix_lot_created_by_id", "lot", ["created_by_id"])
    op.create_table(
        "lot_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("fiche_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("obstacle", sa.Text(), nullable=False),
        sa.Column("result", sa.String(length=30), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.CheckConstraint("result IS NULL OR result IN ('fait', 'refus', 'echec')", name="result"),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_lot_line_lot_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_lot_line_fiche_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_lot_line_revision_id"),
        sa.PrimaryKeyConstraint("id", name="pk_lot_line"),
        sa.UniqueConstraint("lot_id", "rank", name="uq_lot_line_lot_id_rank"),
        sa.UniqueConstraint("lot_id", "revision_id", name="uq_lot_line_lot_id_revision_id"),
    )


def _fill() -> None:
    """Versions sent before this migration: a week to answer, and what can be told of them without reading them."""
    op.execute(
        "UPDATE revision SET territoire_id = (SELECT territoire_id FROM fiche WHERE fiche.id = revision.fiche_id)"
        " WHERE state <> 'brouillon'"
    )
    op.execute(
        "UPDATE revision SET nature = CASE WHEN EXISTS (SELECT 1 FROM revision AS other"
        " WHERE other.fiche_id = revision.fiche_id AND other.number < revision.number AND other.state = 'validee')"
        " THEN 'modification' ELSE 'premiere' END WHERE state <> 'brouillon'"
    )
    op.execute(
        "UPDATE revision SET superseded = TRUE WHERE EXISTS (SELECT 1 FROM revision AS other"
        " WHERE other.fiche_id = revision.fiche_id AND other.number > revision.number AND other.state <> 'brouillon')"
    )
    week = sa.bindparam("day", (datetime.now(UTC) + timedelta(7)).date(), sa.Date())
    op.execute(sa.text(f"UPDATE revision SET due_on = :day WHERE {WAITING}").bindparams(week))  # noqa: S608


def downgrade() -> None:
    op.drop_table("lot_line")
    op.drop_index("ix_lot_created_by_id", table_name="lot")
    op.drop_table("lot")
    op.drop_table("saved_view")
    op.drop_index("ix_revision_decided", table_name="revision")
    op.drop_index("ix_revision_queue", table_name="revision")
    op.create_index("ix_revision_queue", "revision", ["state", "submitted_at"])
    for column in ("superseded", "due_on", "nature", "territoire_id"):
        op.drop_column("revision", column)
    op.drop_column("territoire", "delai_instruction")
