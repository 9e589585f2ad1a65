"""rules of moderators, what they found, reasons of decisions"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
EFFECTS = "effect IN ('signale', 'bloque', 'priorite')"

APPEND_ONLY = ("moderation_rule_version", "moderation_rule_log", "rule_hit", "rule_dismissal")


def keep_for_ever(table: str) -> None:
    """The history is append-only in the base too, as the log of transitions is."""
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


def upgrade() -> None:
    op.add_column("transition_log", sa.Column("motif", JSON, nullable=True))
    op.create_index("ix_transition_log_at", "transition_log", ["at"], unique=False)
    op.add_column("revision", sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_revision_hurried", "revision", ["territoire_id", "state", "priority", "submitted_at", "id"], unique=False
    )
    op.create_table(
        "decision_reason",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("cure", sa.Text(), nullable=False),
        sa.Column("transitions", JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(trim(label)) > 0 AND length(trim(text)) > 0 AND length(trim(cure)) > 0", "worded"),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_decision_reason_territoire_id"),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user_account.id"], name="fk_decision_reason_updated_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_decision_reason"),
        sa.UniqueConstraint("territoire_id", "code", name="uq_decision_reason_territoire_id_code"),
    )
    op.create_table(
        "moderation_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("territoire_id", sa.Integer(), nullable=True),
        sa.Column("active_version_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_moderation_rule_territoire_id"),
        sa.ForeignKeyConstraint(
            ["active_version_id"],
            ["moderation_rule_version.id"],
            name="fk_moderation_rule_active_version_id",
            use_alter=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_moderation_rule"),
        sa.UniqueConstraint("code", name="uq_moderation_rule_code"),
    )
    op.create_index("ix_moderation_rule_territoire_id", "moderation_rule", ["territoire_id"], unique=False)
    op.create_table(
        "moderation_rule_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("effect", sa.String(length=30), nullable=False),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(EFFECTS, name="effect"),
        sa.ForeignKeyConstraint(["rule_id"], ["moderation_rule.id"], name="fk_moderation_rule_version_rule_id"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_moderation_rule_version_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_moderation_rule_version"),
        sa.UniqueConstraint("rule_id", "number", name="uq_moderation_rule_version_rule_id_number"),
    )
    op.create_table(
        "moderation_rule_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=30), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["rule_id"], ["moderation_rule.id"], name="fk_moderation_rule_log_rule_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["moderation_rule_version.id"], name="fk_moderation_rule_log_version_id"
        ),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_moderation_rule_log_territoire_id"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_moderation_rule_log_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_moderation_rule_log"),
    )
    op.create_index("ix_moderation_rule_log_rule_id", "moderation_rule_log", ["rule_id"], unique=False)
    op.create_table(
        "moderation_rule_pause",
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rule_id"], ["moderation_rule.id"], name="fk_moderation_rule_pause_rule_id"),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_moderation_rule_pause_territoire_id"),
        sa.PrimaryKeyConstraint("rule_id", "territoire_id", name="pk_moderation_rule_pause"),
    )
    op.create_table(
        "rule_hit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fiche_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("rule_version_id", sa.Integer(), nullable=False),
        sa.Column("effect", sa.String(length=30), nullable=False),
        sa.Column("spots", JSON, nullable=False),
        sa.CheckConstraint(EFFECTS, name="effect"),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_rule_hit_fiche_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_rule_hit_revision_id"),
        sa.ForeignKeyConstraint(["rule_id"], ["moderation_rule.id"], name="fk_rule_hit_rule_id"),
        sa.ForeignKeyConstraint(
            ["rule_version_id"], ["moderation_rule_version.id"], name="fk_rule_hit_rule_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rule_hit"),
        sa.UniqueConstraint("revision_id", "rule_version_id", name="uq_rule_hit_revision_id_rule_version_id"),
    )
    op.create_index("ix_rule_hit_fiche_id", "rule_hit", ["fiche_id"], unique=False)
    op.create_index("ix_rule_hit_rule_id_revision_id", "rule_hit", ["rule_id", "revision_id"], unique=False)
    op.create_table(
        "rule_dismissal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hit_id", sa.Integer(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("carried_from_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["hit_id"], ["rule_hit.id"], name="fk_rule_dismissal_hit_id"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_rule_dismissal_actor_id"),
        sa.ForeignKeyConstraint(["carried_from_id"], ["rule_dismissal.id"], name="fk_rule_dismissal_carried_from_id"),
        sa.PrimaryKeyConstraint("id", name="pk_rule_dismissal"),
        sa.UniqueConstraint("hit_id", name="uq_rule_dismissal_hit_id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # A rule and its versions point at each other. SQLite wrote this constraint with the table.
        op.create_foreign_key(
            "fk_moderation_rule_active_version_id",
            "moderation_rule",
            "moderation_rule_version",
            ["active_version_id"],
            ["id"],
        )
    for table in APPEND_ONLY:
        keep_for_ever(table)


def downgrade() -> None:
    postgresql_base = op.get_bind().dialect.name == "postgresql"
    if postgresql_base:
        op.drop_constraint("fk_moderation_rule_active_version_id", "moderation_rule")
    op.drop_table("rule_dismissal")
    op.drop_index("ix_rule_hit_rule_id_revision_id", table_name="rule_hit")
    op.drop_index("ix_rule_hit_fiche_id", table_name="rule_hit")
    op.drop_table("rule_hit")
    op.drop_table("moderation_rule_pause")
    op.drop_index("ix_moderation_rule_log_rule_id", table_name="moderation_rule_log")
    op.drop_table("moderation_rule_log")
    op.drop_table("moderation_rule_version")
    op.drop_index("ix_moderation_rule_territoire_id", table_name="moderation_rule")
    op.drop_table("moderation_rule")
    op.drop_table("decision_reason")
    op.drop_index("ix_revision_hurried", table_name="revision")
    op.drop_column("revision", "priority")
    op.drop_index("ix_transition_log_at", table_name="transition_log")
    op.drop_column("transition_log", "motif")
    if postgresql_base:
        for table in APPEND_ONLY:
            op.execute(f"DROP FUNCTION {table}_append_only()")
