"""flux"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

APPEND_ONLY = ("publication", "session_update")


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
    op.create_table(
        "flux",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=True),
        sa.Column("dispositifs", JSON, nullable=False),
        sa.Column("financeurs", JSON, nullable=False),
        sa.Column("publics", JSON, nullable=False),
        sa.Column("consumers", JSON, nullable=False),
        sa.Column("profile", sa.String(length=30), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_flux_territoire_id"),
        sa.PrimaryKeyConstraint("id", name="pk_flux"),
        sa.UniqueConstraint("code", name="uq_flux_code"),
    )
    op.create_table(
        "flux_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("stop_asked", sa.Boolean(), nullable=False),
        sa.Column("file", sa.String(length=200), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('complet', 'differentiel')", name="kind"),
        sa.CheckConstraint("state <> 'reussi' OR (file IS NOT NULL AND sha256 IS NOT NULL)", name="published"),
        sa.CheckConstraint("state IN ('en_attente', 'en_cours', 'reussi', 'vide', 'echoue', 'arrete')", name="state"),
        sa.ForeignKeyConstraint(["flux_id"], ["flux.id"], name="fk_flux_run_flux_id"),
        sa.PrimaryKeyConstraint("id", name="pk_flux_run"),
    )
    op.create_index("ix_flux_run_flux", "flux_run", ["flux_id", "id"], unique=False)
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fiche_id", sa.Integer(), nullable=False),
        sa.Column("fragment_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_publication_fiche_id"),
        sa.ForeignKeyConstraint(["fragment_id"], ["fragment.id"], name="fk_publication_fragment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_publication"),
    )
    op.create_index("ix_publication_at", "publication", ["at"], unique=False)
    op.create_index("ix_publication_fiche", "publication", ["fiche_id", "id"], unique=False)
    op.create_table(
        "session_update",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("session", sa.String(length=10), nullable=False),
        sa.Column("recrutement", sa.String(length=1), nullable=True),
        sa.Column("places_libres", sa.Integer(), nullable=True),
        sa.Column("debut", sa.String(length=10), nullable=True),
        sa.Column("fin", sa.String(length=10), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_session_update_actor_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_session_update_revision_id"),
        sa.PrimaryKeyConstraint("id", name="pk_session_update"),
    )
    op.create_index("ix_session_update_revision_id", "session_update", ["revision_id"], unique=False)
    op.create_table(
        "flux_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["flux_id"], ["flux.id"], name="fk_flux_token_flux_id"),
        sa.PrimaryKeyConstraint("id", name="pk_flux_token"),
        sa.UniqueConstraint("token_hash", name="uq_flux_token_token_hash"),
    )
    op.create_index("ix_flux_token_flux_id", "flux_token", ["flux_id"], unique=False)
    for table in APPEND_ONLY:
        keep_for_ever(table)


def downgrade() -> None:
    op.drop_index("ix_flux_token_flux_id", table_name="flux_token")
    op.drop_table("flux_token")
    op.drop_index("ix_session_update_revision_id", table_name="session_update")
    op.drop_table("session_update")
    op.drop_index("ix_publication_fiche", table_name="publication")
    op.drop_index("ix_publication_at", table_name="publication")
    op.drop_table("publication")
    op.drop_index("ix_flux_run_flux", table_name="flux_run")
    op.drop_table("flux_run")
    op.drop_table("flux")
    if op.get_bind().dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(f"DROP FUNCTION {table}_append_only()")
