"""convention, its fiches, its obligations and their history; the scope of a funder; files of conventions"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0014"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BEFORE = "kind IN ('lheo', 'tableau', 'reponses')"
NOW = "kind IN ('lheo', 'tableau', 'reponses', 'conventions')"
STATES = "('a_fournir', 'declaree', 'verifiee', 'non_conforme', 'sans_objet')"


def upgrade() -> None:
    for column in ("programmes", "departements"):
        op.add_column("assignment", sa.Column(column, JSON, nullable=False, server_default="[]"))
    _convention()
    op.create_table(
        "convention_fiche",
        sa.Column("convention_id", sa.Integer(), nullable=False),
        sa.Column("fiche_id", sa.Integer(), nullable=False),
        sa.Column("tied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tied_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["convention_id"], ["convention.id"], name="fk_convention_fiche_convention_id"),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_convention_fiche_fiche_id"),
        sa.ForeignKeyConstraint(["tied_by_id"], ["user_account.id"], name="fk_convention_fiche_tied_by_id"),
        sa.PrimaryKeyConstraint("convention_id", "fiche_id", name="pk_convention_fiche"),
    )
    op.create_index("ix_convention_fiche_fiche_id", "convention_fiche", ["fiche_id"], unique=False)
    op.create_table(
        "contact_request",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("convention_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=160), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["convention_id"], ["convention.id"], name="fk_contact_request_convention_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_contact_request"),
    )
    op.create_index("ix_contact_request_convention_id", "contact_request", ["convention_id"], unique=False)
    _obligation()
    _keep_for_ever("obligation_event")
    _kinds_of_import(BEFORE, NOW)


def _convention() -> None:
    op.create_table(
        "convention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(length=30), nullable=False),
        sa.Column("annee", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("departement", sa.String(length=3), nullable=False),
        sa.Column("nom", sa.String(length=250), nullable=False),
        sa.Column("siret", sa.String(length=14), nullable=False),
        sa.Column("rna", sa.String(length=10), nullable=False),
        sa.Column("organisme_id", sa.Integer(), nullable=True),
        sa.Column("matching", sa.String(length=30), nullable=False),
        sa.Column("montant", sa.BigInteger(), nullable=True),
        sa.Column("bpi", sa.String(length=30), nullable=False),
        sa.Column("contact_pne", sa.String(length=160), nullable=False),
        sa.Column("contact_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_bounced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_bounce", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=30), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("bpi IN ('oui', 'non', 'inconnu')", name="bpi"),
        sa.CheckConstraint("origin IN ('saisie', 'import')", name="origin"),
        sa.CheckConstraint("matching IN ('a_regler', 'rattachee', 'sans_structure')", name="matching"),
        sa.CheckConstraint("(matching = 'rattachee') = (organisme_id IS NOT NULL)", name="matched"),
        sa.CheckConstraint("length(trim(reference)) > 0", name="referenced"),
        sa.CheckConstraint("montant IS NULL OR montant >= 0", name="amount"),
        sa.CheckConstraint(
            "contact_pne <> '' OR (contact_confirmed_at IS NULL AND contact_bounced_at IS NULL)", name="contact"
        ),
        sa.CheckConstraint("contact_confirmed_at IS NULL OR contact_bounced_at IS NULL", name="confirmed_or_bounced"),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_convention_territoire_id"),
        sa.ForeignKeyConstraint(["organisme_id"], ["organisme.id"], name="fk_convention_organisme_id"),
        sa.ForeignKeyConstraint(["created_by_id"], ["user_account.id"], name="fk_convention_created_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_convention"),
        sa.UniqueConstraint(
            "territoire_id",
            "programme",
            "annee",
            "reference",
            name="uq_convention_territoire_id_programme_annee_reference",
        ),
    )
    op.create_index("ix_convention_board", "convention", ["territoire_id", "annee", "programme", "departement"])
    op.create_index("ix_convention_organisme_id", "convention", ["organisme_id"], unique=False)
    op.create_index("ix_convention_contact_pne", "convention", ["contact_pne"], unique=False)


def _obligation() -> None:
    op.create_table(
        "obligation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("convention_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("proof", JSON, nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('carte', 'refugies_info', 'pne')", name="kind"),
        sa.CheckConstraint(f"state IN {STATES}", name="state"),
        sa.CheckConstraint("state NOT IN ('declaree', 'verifiee') OR proof IS NOT NULL", name="proved"),
        sa.CheckConstraint(
            "state NOT IN ('non_conforme', 'sans_objet') OR length(trim(comment)) > 0", name="explained"
        ),
        sa.ForeignKeyConstraint(["convention_id"], ["convention.id"], name="fk_obligation_convention_id"),
        sa.ForeignKeyConstraint(["changed_by_id"], ["user_account.id"], name="fk_obligation_changed_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_obligation"),
        sa.UniqueConstraint("convention_id", "kind", name="uq_obligation_convention_id_kind"),
    )
    op.create_index("ix_obligation_board", "obligation", ["kind", "state", "due_on"], unique=False)
    op.create_table(
        "obligation_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("obligation_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("transition", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=30), nullable=True),
        sa.Column("target", sa.String(length=30), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("proof", JSON, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.CheckConstraint(f"source IS NULL OR source IN {STATES}", name="source"),
        sa.CheckConstraint(f"target IN {STATES}", name="target"),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name="fk_obligation_event_obligation_id"),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name="fk_obligation_event_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_obligation_event"),
    )
    op.create_index("ix_obligation_event_obligation_id", "obligation_event", ["obligation_id"], unique=False)


def _keep_for_ever(table: str) -> None:
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


def _kinds_of_import(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_import_job_kind"), "import_job")
        op.create_check_constraint(op.f("ck_import_job_kind"), "import_job", after)
        return
    # SQLite cannot change a constraint: the table is written again. Its lines wait apart meanwhile, for they
    # would go away with it.
    written = op.get_bind().execute(sa.text("SELECT sql FROM sqlite_master WHERE name = 'import_job'")).scalar_one()
    assert before in written
    for order in (
        "CREATE TABLE import_line_kept AS SELECT * FROM import_line",
        "DELETE FROM import_line",
        "CREATE TABLE import_job_new " + written[written.index("(") :].replace(before, after),
        "INSERT INTO import_job_new SELECT * FROM import_job",
        "DROP TABLE import_job",
        "ALTER TABLE import_job_new RENAME TO import_job",
        "INSERT INTO import_line SELECT * FROM import_line_kept",
        "DROP TABLE import_line_kept",
    ):
        op.execute(sa.text(order.replace(":", "\\:")))
    op.create_index("ix_import_job_created_by_id", "import_job", ["created_by_id"], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM import_line WHERE job_id IN (SELECT id FROM import_job WHERE kind = 'conventions')")
    op.execute("DELETE FROM import_job WHERE kind = 'conventions'")
    _kinds_of_import(NOW, BEFORE)
    op.drop_table("obligation_event")
    op.drop_table("obligation")
    op.drop_table("contact_request")
    op.drop_table("convention_fiche")
    op.drop_table("convention")
    for column in ("programmes", "departements"):
        op.drop_column("assignment", column)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION obligation_event_append_only()")
