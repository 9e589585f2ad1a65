"""entry_count: how many people entered a session, month by month, never who"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "entry_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fiche_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("session", sa.String(length=10), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("number >= 0", name="number"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_entry_count_actor_id"),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_entry_count_fiche_id"),
        sa.PrimaryKeyConstraint("id", name="pk_entry_count"),
    )
    op.create_index("ix_entry_count_fiche_id", "entry_count", ["fiche_id"], unique=False)
    _keep_for_ever()


def _keep_for_ever() -> None:
    """A count is corrected by a later row: what was said before stays."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION entry_count_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'entry_count is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER entry_count_append_only BEFORE UPDATE OR DELETE ON entry_count "
            "FOR EACH ROW EXECUTE FUNCTION entry_count_append_only()"
        )
        return
    for order in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER entry_count_no_{order.lower()} BEFORE {order} ON entry_count "
            "BEGIN SELECT RAISE(ABORT, 'entry_count is append-only'); END"
        )


def downgrade() -> None:
    op.drop_index("ix_entry_count_fiche_id", table_name="entry_count")
    op.drop_table("entry_count")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION entry_count_append_only()")
