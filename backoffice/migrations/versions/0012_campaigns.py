"""campaigns of renewal, the structures invited, and the campaign that a version answers"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0015"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.Column("dispositifs", JSON, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("deadline >= opens_on", name="order"),
        sa.CheckConstraint("year BETWEEN 2000 AND 2100", name="year"),
        sa.ForeignKeyConstraint(["created_by_id"], ["user_account.id"], name="fk_campaign_created_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_campaign"),
    )
    op.create_table(
        "campaign_territoire",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name="fk_campaign_territoire_campaign_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_campaign_territoire_territoire_id"),
        sa.PrimaryKeyConstraint("campaign_id", "territoire_id", name="pk_campaign_territoire"),
    )
    op.create_index("ix_campaign_territoire_territoire_id", "campaign_territoire", ["territoire_id"])
    op.create_table(
        "campaign_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("organisme_id", sa.Integer(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name="fk_campaign_invitation_campaign_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["organisme_id"], ["organisme.id"], name="fk_campaign_invitation_organisme_id"),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_invitation"),
        sa.UniqueConstraint("campaign_id", "organisme_id", name="uq_campaign_invitation_campaign_id_organisme_id"),
    )
    op.create_index("ix_campaign_invitation_organisme_id", "campaign_invitation", ["organisme_id"])
    # Written as SQL: SQLite takes a constraint with its column, and not afterwards.
    op.execute(
        "ALTER TABLE revision ADD COLUMN campaign_id INTEGER"
        " CONSTRAINT fk_revision_campaign_id REFERENCES campaign (id)"
    )
    op.create_index("ix_revision_campaign_id", "revision", ["campaign_id"])


def downgrade() -> None:
    op.drop_index("ix_revision_campaign_id", table_name="revision")
    op.drop_column("revision", "campaign_id")
    op.drop_index("ix_campaign_invitation_organisme_id", table_name="campaign_invitation")
    op.drop_table("campaign_invitation")
    op.drop_index("ix_campaign_territoire_territoire_id", table_name="campaign_territoire")
    op.drop_table("campaign_territoire")
    op.drop_table("campaign")
