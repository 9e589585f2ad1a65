"""sightings: what readers of our flows show of our fiches"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0037"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "reader_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=60), nullable=False),
        sa.Column("location", sa.String(length=500), nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reader_source"),
        sa.UniqueConstraint("reader", "location", name="uq_reader_source_reader_location"),
    )
    op.create_table(
        "sighting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fiche_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=60), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=False),
        sa.Column("differences", JSON, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_sighting_fiche_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sighting"),
        sa.UniqueConstraint("fiche_id", "reader", name="uq_sighting_fiche_id_reader"),
    )
    op.create_index("ix_sighting_reader", "sighting", ["reader"])


def downgrade() -> None:
    op.drop_table("sighting")
    op.drop_table("reader_source")
