"""territoires: what each covers, who collects for whom, contact, texts and settings; publications say theirs"""

import sqlalchemy as sa
from alembic import op

from backoffice.migrations.append_only import protect, release

revision = "0022"
down_revision = "0018"

CONTACT = {"contact_nom": 120, "contact_courriel": 160, "contact_telephone": 30, "contact_site": 250}
TEXTS = ("texte_accueil", "texte_envoi", "texte_courriels")
DAYS = {
    "rappel_brouillon": 8,
    "dernier_rappel_brouillon": 30,
    "rappel_places": 7,
    "silence_places": 14,
    "decalage_dates": 21,
    "delai_archivage": 30,
    "alerte_certification": 90,
}
REFERS = "{} INTEGER CONSTRAINT {} REFERENCES territoire (id)"
"""Written as SQL: SQLite takes a constraint with its column, and not afterwards."""


def upgrade() -> None:
    for name, length in CONTACT.items():
        op.add_column("territoire", sa.Column(name, sa.String(length=length), server_default="", nullable=False))
    for name in TEXTS:
        op.add_column("territoire", sa.Column(name, sa.Text(), server_default="", nullable=False))
    for name, usual in DAYS.items():
        op.add_column("territoire", sa.Column(name, sa.Integer(), server_default=str(usual), nullable=False))
    op.execute(f"ALTER TABLE territoire ADD COLUMN {REFERS.format('collected_by_id', 'fk_territoire_collected_by_id')}")
    op.execute(f"ALTER TABLE publication ADD COLUMN {REFERS.format('territoire_id', 'fk_publication_territoire_id')}")
    release("publication")
    op.execute(
        "UPDATE publication SET territoire_id = (SELECT territoire_id FROM fiche WHERE fiche.id = publication.fiche_id)"
    )
    protect("publication")
    op.create_table(
        "coverage",
        sa.Column("code", sa.String(length=5), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_coverage_territoire_id"),
        sa.PrimaryKeyConstraint("code", name="pk_coverage"),
    )
    op.create_index("ix_coverage_territoire_id", "coverage", ["territoire_id"])
    op.execute(
        "INSERT INTO coverage (code, territoire_id) SELECT DISTINCT commune.departement, territoire.id"
        " FROM territoire JOIN commune ON commune.region = territoire.region"
    )


def downgrade() -> None:
    op.drop_index("ix_coverage_territoire_id", table_name="coverage")
    op.drop_table("coverage")
    op.drop_column("publication", "territoire_id")
    op.drop_column("territoire", "collected_by_id")
    for name in (*CONTACT, *TEXTS, *DAYS):
        op.drop_column("territoire", name)
