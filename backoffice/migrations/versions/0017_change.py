"""one log of what is changed by hand, in place of that of the settings of territoires alone"""

import sqlalchemy as sa
from alembic import op

from backoffice.migrations.append_only import protect, release

revision = "0017"
down_revision = "0016"

COMMON = "at, actor_id, territoire_id, name, before, after"


def upgrade() -> None:
    op.create_table(
        "change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("territoire_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.CheckConstraint("before <> after", name="changed"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_change_actor_id"),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_change_territoire_id"),
        sa.PrimaryKeyConstraint("id", name="pk_change"),
    )
    op.create_index("ix_change_territoire_id", "change", ["territoire_id"])
    op.create_index("ix_change_subject", "change", ["subject", "subject_id"])
    op.execute(
        f"INSERT INTO change (subject, subject_id, {COMMON})"  # noqa: S608 - constants
        f" SELECT 'territoire', CAST(territoire_id AS VARCHAR), {COMMON} FROM setting_change ORDER BY id"
    )
    protect("change")
    release("setting_change")
    op.drop_table("setting_change")


def downgrade() -> None:
    op.create_table(
        "setting_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("before", sa.String(length=200), nullable=False),
        sa.Column("after", sa.String(length=200), nullable=False),
        sa.CheckConstraint("before <> after", name="changed"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_setting_change_actor_id"),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_setting_change_territoire_id"),
        sa.PrimaryKeyConstraint("id", name="pk_setting_change"),
    )
    op.create_index("ix_setting_change_territoire_id", "setting_change", ["territoire_id"])
    op.execute(
        f"INSERT INTO setting_change ({COMMON})"  # noqa: S608 - constants
        f" SELECT {COMMON} FROM change WHERE subject = 'territoire' AND actor_id IS NOT NULL"
        " AND territoire_id IS NOT NULL AND length(before) <= 200 AND length(after) <= 200 AND length(name) <= 40"
        " ORDER BY id"
    )
    protect("setting_change")
    release("change")
    op.drop_table("change")
