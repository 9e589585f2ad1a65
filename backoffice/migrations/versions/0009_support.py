"""support: structures that carry one without SIRET, and whether they have accepted"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "support",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("organisme_id", sa.Integer(), nullable=False),
        sa.Column("siret", sa.String(length=14), nullable=False),
        sa.Column("nom", sa.String(length=250), nullable=False),
        sa.Column("email", sa.String(length=160), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organisme_id"], ["organisme.id"], name="fk_support_organisme_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_support"),
        sa.UniqueConstraint("token_hash", name="uq_support_token_hash"),
        sa.UniqueConstraint("organisme_id", "siret", "email", name="uq_support_organisme_id_siret_email"),
    )


def downgrade() -> None:
    op.drop_table("support")
