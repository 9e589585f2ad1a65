"""the mark of flagged versions; what is changed in the settings of territoires"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"

MARK = """UPDATE revision SET flagged = EXISTS (
    SELECT 1 FROM rule_hit JOIN moderation_rule ON moderation_rule.id = rule_hit.rule_id
    WHERE rule_hit.revision_id = revision.id AND moderation_rule.active_version_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM rule_dismissal WHERE rule_dismissal.hit_id = rule_hit.id)
)"""


def upgrade() -> None:
    op.add_column("revision", sa.Column("flagged", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(MARK)
    op.create_index("ix_revision_flagged", "revision", ["territoire_id", "state", "flagged", "submitted_at", "id"])
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
    _append_only("setting_change")


def _append_only(table: str) -> None:
    """As the log of transitions: what was said is never said otherwise."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
        )
        return
    for order in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{order.lower()} BEFORE {order} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def downgrade() -> None:
    op.drop_table("setting_change")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION setting_change_append_only()")
    op.drop_index("ix_revision_flagged", "revision")
    op.drop_column("revision", "flagged")
