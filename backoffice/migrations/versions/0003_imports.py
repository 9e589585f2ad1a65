"""imports: files, their lines, the columns chosen; the numero of a fiche elsewhere"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
OUTCOMES = "('nouvelle', 'mise_a_jour', 'inchangee', 'a_choisir', 'ecartee', 'echec')"


def upgrade() -> None:
    op.add_column("fiche", sa.Column("foreign_numero", sa.String(length=100), nullable=True))
    op.create_index("ix_fiche_foreign_numero", "fiche", ["foreign_numero"], unique=False)
    op.create_table(
        "import_job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("organisme_id", sa.Integer(), nullable=True),
        sa.Column("territoire_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("stored", sa.String(length=80), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("phase", sa.String(length=30), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('lheo', 'tableau', 'reponses')", name="kind"),
        sa.CheckConstraint("phase IN ('colonnes', 'lecture', 'import')", name="phase"),
        sa.CheckConstraint("status IN ('attend', 'en_cours', 'fini', 'echec')", name="status"),
        sa.ForeignKeyConstraint(["created_by_id"], ["user_account.id"], name="fk_import_job_created_by_id"),
        sa.ForeignKeyConstraint(["organisme_id"], ["organisme.id"], name="fk_import_job_organisme_id"),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_import_job_territoire_id"),
        sa.PrimaryKeyConstraint("id", name="pk_import_job"),
    )
    op.create_index("ix_import_job_created_by_id", "import_job", ["created_by_id"], unique=False)
    op.create_table(
        "import_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("numero", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("structure", sa.String(length=250), nullable=False),
        sa.Column("plan", sa.String(length=30), nullable=False),
        sa.Column("fiche_id", sa.Integer(), nullable=True),
        sa.Column("report", JSON, nullable=False),
        sa.Column("read", JSON, nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("result", sa.String(length=30), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.CheckConstraint(f"plan IN {OUTCOMES}", name="plan"),
        sa.CheckConstraint(f"result IS NULL OR result IN {OUTCOMES}", name="result"),
        sa.ForeignKeyConstraint(["job_id"], ["import_job.id"], name="fk_import_line_job_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_import_line_fiche_id"),
        sa.PrimaryKeyConstraint("id", name="pk_import_line"),
        sa.UniqueConstraint("job_id", "rank", name="uq_import_line_job_id_rank"),
    )
    op.create_index("ix_import_line_job_id_chosen", "import_line", ["job_id", "chosen"], unique=False)
    op.create_table(
        "import_mapping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisme_id", sa.Integer(), nullable=True),
        sa.Column("territoire_id", sa.Integer(), nullable=True),
        sa.Column("chosen", JSON, nullable=False),
        sa.CheckConstraint("(organisme_id IS NULL) <> (territoire_id IS NULL)", name="one_owner"),
        sa.ForeignKeyConstraint(["organisme_id"], ["organisme.id"], name="fk_import_mapping_organisme_id"),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_import_mapping_territoire_id"),
        sa.PrimaryKeyConstraint("id", name="pk_import_mapping"),
        sa.UniqueConstraint("organisme_id", name="uq_import_mapping_organisme_id"),
        sa.UniqueConstraint("territoire_id", name="uq_import_mapping_territoire_id"),
    )


def downgrade() -> None:
    op.drop_table("import_mapping")
    op.drop_index("ix_import_line_job_id_chosen", table_name="import_line")
    op.drop_table("import_line")
    op.drop_index("ix_import_job_created_by_id", table_name="import_job")
    op.drop_table("import_job")
    op.drop_index("ix_fiche_foreign_numero", table_name="fiche")
    op.drop_column("fiche", "foreign_numero")
