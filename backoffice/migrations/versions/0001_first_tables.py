"""first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

SQLITE_TRIGGERS = (
    """CREATE TRIGGER transition_log_no_update BEFORE UPDATE ON transition_log
       BEGIN SELECT RAISE(ABORT, 'transition_log is append-only'); END""",
    """CREATE TRIGGER transition_log_no_delete BEFORE DELETE ON transition_log
       BEGIN SELECT RAISE(ABORT, 'transition_log is append-only'); END""",
)
POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION transition_log_append_only() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'transition_log is append-only'; END $$""",
    """CREATE TRIGGER transition_log_append_only BEFORE UPDATE OR DELETE ON transition_log
       FOR EACH ROW EXECUTE FUNCTION transition_log_append_only()""",
)


def upgrade() -> None:
    op.create_table(
        "commune",
        sa.Column("code_insee", sa.String(length=5), nullable=False),
        sa.Column("nom", sa.String(length=60), nullable=False),
        sa.Column("search_name", sa.String(length=60), nullable=False),
        sa.Column("departement", sa.String(length=3), nullable=False),
        sa.Column("region", sa.String(length=3), nullable=False),
        sa.Column("parent", sa.String(length=5), nullable=True),
        sa.PrimaryKeyConstraint("code_insee", name="pk_commune"),
    )
    op.create_index("ix_commune_departement", "commune", ["departement"], unique=False)
    op.create_index("ix_commune_search_name", "commune", ["search_name"], unique=False)
    op.create_table(
        "fragment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("code_version", sa.Integer(), nullable=False),
        sa.Column("actions", sa.Integer(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("facets", JSON, nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_fragment"),
    )
    op.create_table(
        "territoire",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("nom", sa.String(length=80), nullable=False),
        sa.Column("prefixe", sa.String(length=10), nullable=False),
        sa.Column("region", sa.String(length=3), nullable=False),
        sa.Column("siret_obligatoire", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_territoire"),
        sa.UniqueConstraint("prefixe", name="uq_territoire_prefixe"),
        sa.UniqueConstraint("region", name="uq_territoire_region"),
        sa.UniqueConstraint("slug", name="uq_territoire_slug"),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=160), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("administrator", sa.Boolean(), nullable=False),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_account"),
        sa.UniqueConstraint("email", name="uq_user_account_email"),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.CheckConstraint("role IN ('moderateur', 'financeur')", name="role"),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_assignment_territoire_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_assignment_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_assignment"),
        sa.UniqueConstraint("user_id", "territoire_id", "role", name="uq_assignment_user_id_territoire_id_role"),
    )
    op.create_table(
        "commune_postal_code",
        sa.Column("code", sa.String(length=5), nullable=False),
        sa.Column("code_insee", sa.String(length=5), nullable=False),
        sa.ForeignKeyConstraint(["code_insee"], ["commune.code_insee"], name="fk_commune_postal_code_code_insee"),
        sa.PrimaryKeyConstraint("code", "code_insee", name="pk_commune_postal_code"),
    )
    op.create_index("ix_commune_postal_code_code_insee", "commune_postal_code", ["code_insee"], unique=False)
    op.create_table(
        "login",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_login_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_login"),
    )
    op.create_index("ix_login_user_id", "login", ["user_id"], unique=False)
    op.create_table(
        "organisme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("nom", sa.String(length=250), nullable=False),
        sa.Column("siret", sa.String(length=14), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=False),
        sa.Column("structure", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_organisme_territoire_id"),
        sa.PrimaryKeyConstraint("id", name="pk_organisme"),
    )
    op.create_index("ix_organisme_siret", "organisme", ["siret"], unique=False)
    op.create_table(
        "fiche",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("numero", sa.String(length=30), nullable=True),
        sa.Column("dispositif", sa.String(length=30), nullable=False),
        sa.Column("organisme_id", sa.Integer(), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("suspension_reason", sa.Text(), nullable=True),
        sa.Column("published_revision_id", sa.Integer(), nullable=True),
        sa.Column("fragment_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creation_key", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(state = 'suspendue') = (suspension_reason IS NOT NULL)", name="suspended_for_a_reason"),
        sa.CheckConstraint("dispositif IN ('ASL', 'OEPRE', 'OFII')", name="dispositif"),
        sa.CheckConstraint("state IN ('non_publiee', 'publiee', 'suspendue', 'archivee')", name="state"),
        sa.CheckConstraint(
            "state NOT IN ('publiee', 'suspendue') OR published_revision_id IS NOT NULL", name="published"
        ),
        sa.CheckConstraint("published_revision_id IS NULL OR numero IS NOT NULL", name="numbered"),
        sa.CheckConstraint("(state = 'publiee') = (fragment_id IS NOT NULL)", name="in_the_flows"),
        sa.ForeignKeyConstraint(["fragment_id"], ["fragment.id"], name="fk_fiche_fragment_id"),
        sa.ForeignKeyConstraint(["organisme_id"], ["organisme.id"], name="fk_fiche_organisme_id"),
        sa.ForeignKeyConstraint(
            ["published_revision_id"], ["revision.id"], name="fk_fiche_published_revision_id", use_alter=True
        ),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_fiche_territoire_id"),
        sa.PrimaryKeyConstraint("id", name="pk_fiche"),
        sa.UniqueConstraint("creation_key", name="uq_fiche_creation_key"),
        sa.UniqueConstraint("numero", name="uq_fiche_numero"),
    )
    op.create_index("ix_fiche_flux", "fiche", ["territoire_id", "state", "numero"], unique=False)
    op.create_index("ix_fiche_organisme_id", "fiche", ["organisme_id"], unique=False)
    op.create_index("ix_fiche_fragment_id", "fiche", ["fragment_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisme_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.CheckConstraint("role IN ('saisie', 'responsable')", name="role"),
        sa.ForeignKeyConstraint(["organisme_id"], ["organisme.id"], name="fk_membership_organisme_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_membership_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
        sa.UniqueConstraint("user_id", "organisme_id", name="uq_membership_user_id_organisme_id"),
    )
    op.create_index("ix_membership_organisme_id", "membership", ["organisme_id"], unique=False)
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fiche_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("pending", JSON, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("departement", sa.String(length=3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by_id", sa.Integer(), nullable=True),
        sa.Column("moderator_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fragment_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('validee', 'refusee', 'a_corriger')) = (decided_at IS NOT NULL)", name="decided"
        ),
        sa.CheckConstraint("state <> 'en_instruction' OR moderator_id IS NOT NULL", name="taken"),
        sa.CheckConstraint("state <> 'validee' OR fragment_id IS NOT NULL", name="exportable"),
        sa.CheckConstraint(
            "state = 'brouillon' OR (content_hash IS NOT NULL AND submitted_at IS NOT NULL)", name="frozen"
        ),
        sa.CheckConstraint(
            "state IN ('brouillon', 'soumise', 'en_instruction', 'validee', 'a_corriger', 'refusee')",
            name="state",
        ),
        sa.CheckConstraint(
            "state NOT IN ('refusee', 'a_corriger') OR (reason IS NOT NULL AND length(trim(reason)) > 0)",
            name="explained",
        ),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_revision_fiche_id"),
        sa.ForeignKeyConstraint(["fragment_id"], ["fragment.id"], name="fk_revision_fragment_id"),
        sa.ForeignKeyConstraint(["moderator_id"], ["user_account.id"], name="fk_revision_moderator_id"),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["user_account.id"], name="fk_revision_submitted_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
        sa.UniqueConstraint("fiche_id", "number", name="uq_revision_fiche_id_number"),
        sa.UniqueConstraint("fragment_id", name="uq_revision_fragment_id"),
    )
    op.create_index("ix_revision_queue", "revision", ["state", "submitted_at"], unique=False)
    op.create_index(
        "uq_revision_open",
        "revision",
        ["fiche_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('brouillon', 'soumise', 'en_instruction')"),
        postgresql_where=sa.text("state IN ('brouillon', 'soumise', 'en_instruction')"),
    )
    op.create_table(
        "transition_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("fiche_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.Column("transition", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=30), nullable=False),
        sa.Column("target", sa.String(length=30), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_transition_log_actor_id"),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_transition_log_fiche_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_transition_log_revision_id"),
        sa.PrimaryKeyConstraint("id", name="pk_transition_log"),
    )
    op.create_index("ix_transition_log_fiche_id", "transition_log", ["fiche_id"], unique=False)
    op.create_index("ix_transition_log_revision_id", "transition_log", ["revision_id"], unique=False)
    postgresql_base = op.get_bind().dialect.name == "postgresql"
    if postgresql_base:
        # Fiche and revision point at each other. SQLite wrote this constraint with the table.
        op.create_foreign_key("fk_fiche_published_revision_id", "fiche", "revision", ["published_revision_id"], ["id"])
    for trigger in POSTGRESQL_TRIGGERS if postgresql_base else SQLITE_TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_fiche_published_revision_id", "fiche")
    op.drop_index("ix_transition_log_revision_id", table_name="transition_log")
    op.drop_index("ix_transition_log_fiche_id", table_name="transition_log")
    op.drop_table("transition_log")
    op.drop_index(
        "uq_revision_open",
        table_name="revision",
        sqlite_where=sa.text("state IN ('brouillon', 'soumise', 'en_instruction')"),
        postgresql_where=sa.text("state IN ('brouillon', 'soumise', 'en_instruction')"),
    )
    op.drop_index("ix_revision_queue", table_name="revision")
    op.drop_table("revision")
    op.drop_index("ix_membership_organisme_id", table_name="membership")
    op.drop_table("membership")
    op.drop_index("ix_fiche_fragment_id", table_name="fiche")
    op.drop_index("ix_fiche_organisme_id", table_name="fiche")
    op.drop_index("ix_fiche_flux", table_name="fiche")
    op.drop_table("fiche")
    op.drop_index("ix_organisme_siret", table_name="organisme")
    op.drop_table("organisme")
    op.drop_index("ix_login_user_id", table_name="login")
    op.drop_table("login")
    op.drop_index("ix_commune_postal_code_code_insee", table_name="commune_postal_code")
    op.drop_table("commune_postal_code")
    op.drop_table("assignment")
    op.drop_table("user_account")
    op.drop_table("territoire")
    op.drop_table("fragment")
    op.drop_index("ix_commune_search_name", table_name="commune")
    op.drop_index("ix_commune_departement", table_name="commune")
    op.drop_table("commune")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION transition_log_append_only()")
