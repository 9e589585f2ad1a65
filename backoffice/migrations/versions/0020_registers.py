"""registers: readings, differences, what they fill; certifications and postal codes as their owners tell them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from backoffice.migrations.append_only import protect, release

revision = "0020"
down_revision = "0017"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NUMBERED, BARE = sa.text("code <> ''"), sa.text("code = ''")
FILLED = ("etablissement", "uai", "formacode", "certif_info", "school_break")


def upgrade() -> None:
    _filled_tables()
    _readings()
    _certification()
    _postal_codes()


def _filled_tables() -> None:
    op.create_table(
        "etablissement",
        sa.Column("siret", sa.String(length=14), nullable=False),
        sa.Column("nda", sa.String(length=11), nullable=False),
        sa.Column("denomination", sa.String(length=250), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("qualiopi_formation", sa.Boolean(), nullable=False),
        sa.Column("qualiopi_bilan", sa.Boolean(), nullable=False),
        sa.Column("qualiopi_vae", sa.Boolean(), nullable=False),
        sa.Column("qualiopi_apprentissage", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(length=250), nullable=False),
        sa.Column("postal_code", sa.String(length=5), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("code_insee", sa.String(length=5), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("siret", name="pk_etablissement"),
    )
    op.create_index("ix_etablissement_nda", "etablissement", ["nda"])
    op.create_table(
        "uai",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("nom", sa.String(length=250), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("siret", sa.String(length=14), nullable=False),
        sa.Column("address", sa.String(length=250), nullable=False),
        sa.Column("postal_code", sa.String(length=5), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("code_insee", sa.String(length=5), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("uai", name="pk_uai"),
    )
    op.create_table(
        "formacode",
        sa.Column("code", sa.String(length=5), nullable=False),
        sa.Column("label", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_formacode"),
    )
    op.create_table(
        "certif_info",
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("certification", sa.String(length=10), nullable=False),
        sa.Column("label", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_certif_info"),
    )
    op.create_index("ix_certif_info_certification", "certif_info", ["certification"])
    op.create_table(
        "school_break",
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("debut", sa.Date(), nullable=False),
        sa.Column("fin", sa.Date(), nullable=False),
        sa.Column("nom", sa.String(length=100), nullable=False),
        sa.CheckConstraint("debut <= fin", name="in_order"),
        sa.PrimaryKeyConstraint("zone", "debut", name="pk_school_break"),
    )


def _readings() -> None:
    op.create_table(
        "register_setting",
        sa.Column("register", sa.String(length=40), nullable=False),
        sa.Column("additions", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("removals", sa.Integer(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.CheckConstraint("additions >= 1 AND changes >= 1 AND removals >= 1", name="at_least_once"),
        sa.CheckConstraint("least BETWEEN 0 AND 100", name="percentage"),
        sa.PrimaryKeyConstraint("register", name="pk_register_setting"),
    )
    op.create_table(
        "register_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("register", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("stored", sa.String(length=80), nullable=False),
        sa.Column("format", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=30), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("report", JSON, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("phase IN ('lecture', 'application')", name="phase"),
        sa.CheckConstraint("status IN ('attend', 'en_cours', 'fini', 'echec')", name="status"),
        sa.CheckConstraint("undone_at IS NULL OR applied_at IS NOT NULL", name="undone_after_applied"),
        sa.ForeignKeyConstraint(["created_by_id"], ["user_account.id"], name="fk_register_import_created_by_id"),
        sa.ForeignKeyConstraint(["undone_by_id"], ["user_account.id"], name="fk_register_import_undone_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_register_import"),
    )
    op.create_index("ix_register_import_register_applied_at", "register_import", ["register", "applied_at"])
    op.create_table(
        "register_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["register_import.id"], name="fk_register_row_import_id"),
        sa.PrimaryKeyConstraint("id", name="pk_register_row"),
    )
    op.create_index("ix_register_row_import_id_key", "register_row", ["import_id", "key"])
    op.create_table(
        "register_difference",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('ajout', 'changement', 'retrait')", name="kind"),
        sa.ForeignKeyConstraint(["import_id"], ["register_import.id"], name="fk_register_difference_import_id"),
        sa.PrimaryKeyConstraint("id", name="pk_register_difference"),
    )
    op.create_index("ix_register_difference_import_id_key", "register_difference", ["import_id", "key"], unique=True)
    op.create_index(
        "ix_register_difference_import_id_applied_kind", "register_difference", ["import_id", "applied", "kind"]
    )
    protect("register_difference")


def _certification() -> None:
    """A name is unique among those without a number only; SQLite makes the table anew for it."""
    op.add_column("certification", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("certification", copy_from=_certifications(sa.MetaData(), active=True)) as batch:
        batch.drop_constraint("uq_certification_label", type_="unique")
        batch.alter_column("active", server_default=None)
    op.create_index(
        "uq_certification_label", "certification", ["label"], unique=True, postgresql_where=BARE, sqlite_where=BARE
    )


def _certifications(metadata: sa.MetaData, *, active: bool) -> sa.Table:
    more: list[sa.Column[bool]] = (
        [sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true())] if active else []
    )
    table = sa.Table(
        "certification",
        metadata,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=250), nullable=False),
        sa.Column("search_name", sa.String(length=250), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        *more,
        sa.CheckConstraint("length(trim(label)) > 0", name="labelled"),
        sa.CheckConstraint("valid_from <= valid_until", name="valid_in_order"),
        sa.PrimaryKeyConstraint("id", name="pk_certification"),
    )
    if active:
        table.append_constraint(sa.UniqueConstraint("label", name="uq_certification_label"))
    sa.Index("ix_certification_search_name", table.c.search_name)
    sa.Index("uq_certification_code", table.c.code, unique=True, postgresql_where=NUMBERED, sqlite_where=NUMBERED)
    return table


def _postal_codes(*, reference: bool = False) -> None:
    """Communes and postal codes have two owners, who do not change them on the same day."""
    name = "fk_commune_postal_code_code_insee"
    table = sa.Table(
        "commune_postal_code",
        sa.MetaData(),
        sa.Column("code", sa.String(length=5), nullable=False),
        sa.Column("code_insee", sa.String(length=5), nullable=False),
        sa.PrimaryKeyConstraint("code", "code_insee", name="pk_commune_postal_code"),
    )
    sa.Index("ix_commune_postal_code_code_insee", table.c.code_insee)
    if not reference:
        table.append_constraint(sa.ForeignKeyConstraint(["code_insee"], ["commune.code_insee"], name=name))
    with op.batch_alter_table("commune_postal_code", copy_from=table) as batch:
        if reference:
            batch.create_foreign_key(name, "commune", ["code_insee"], ["code_insee"])
        else:
            batch.drop_constraint(name, type_="foreignkey")


def downgrade() -> None:
    op.execute("DELETE FROM commune_postal_code WHERE code_insee NOT IN (SELECT code_insee FROM commune)")
    _postal_codes(reference=True)
    op.execute("DELETE FROM certification WHERE id NOT IN (SELECT min(id) FROM certification GROUP BY label)")
    op.drop_index("uq_certification_label", "certification")
    op.drop_column("certification", "active")
    with op.batch_alter_table("certification", copy_from=_certifications(sa.MetaData(), active=False)) as batch:
        batch.create_unique_constraint("uq_certification_label", ["label"])
    release("register_difference")
    for table in ("register_difference", "register_row", "register_import", "register_setting", *FILLED):
        op.drop_table(table)
