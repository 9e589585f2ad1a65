"""fiche_alert: what a register says against a fiche"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0019"

KINDS = "kind IN ('certification', 'certification_bientot', 'structure', 'porteuse', 'formateur')"


def upgrade() -> None:
    op.create_table(
        "fiche_alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fiche_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.String(length=14), nullable=False),
        sa.Column("label", sa.String(length=250), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(KINDS, name="kind"),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_fiche_alert_fiche_id"),
        sa.PrimaryKeyConstraint("id", name="pk_fiche_alert"),
        sa.UniqueConstraint("fiche_id", "kind", "subject", name="uq_fiche_alert_fiche_id_kind_subject"),
    )


def downgrade() -> None:
    op.drop_table("fiche_alert")
