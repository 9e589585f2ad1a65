"""erasure, retention_run, retention_notice; when an account was last seen"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backoffice.migrations.append_only import protect, release

revision = "0023"
down_revision = "0022"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("user_account", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    # Nobody knows when people last came: the period of those who are there begins today.
    op.execute("UPDATE user_account SET seen_at = CURRENT_TIMESTAMP")
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["user_account.id"], name="fk_erasure_account_id"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_erasure_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
        sa.UniqueConstraint("account_id", name="uq_erasure_account_id"),
    )
    protect("erasure")
    op.create_table(
        "retention_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_run"),
    )
    op.create_table(
        "retention_notice",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_retention_notice"),
    )


def downgrade() -> None:
    op.drop_table("retention_notice")
    op.drop_table("retention_run")
    release("erasure")
    op.drop_table("erasure")
    op.drop_column("user_account", "seen_at")
