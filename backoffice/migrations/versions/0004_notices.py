"""notices: e-mails on their way, each person's list, what was muted, work that failed without Redis"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
STATES = "('a_envoyer', 'en_cours', 'remis', 'envoye', 'incertain', 'refuse', 'annule')"


def upgrade() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("notice", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=160), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("fiche_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN {STATES}", name="state"),
        sa.CheckConstraint("(state = 'envoye') = (sent_at IS NOT NULL)", name="sent"),
        sa.CheckConstraint("state NOT IN ('en_cours', 'remis') OR claimed_at IS NOT NULL", name="claimed"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_mail_user_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["fiche_id"], ["fiche.id"], name="fk_mail_fiche_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mail"),
        sa.UniqueConstraint("key", name="uq_mail_key"),
    )
    op.create_index("ix_mail_due", "mail", ["state", "next_at"], unique=False)
    op.create_index("ix_mail_fiche_id", "mail", ["fiche_id"], unique=False)
    op.create_index("ix_mail_user_id", "mail", ["user_id"], unique=False)
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("notice", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_notification_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
        sa.UniqueConstraint("user_id", "key", name="uq_notification_user_id_key"),
    )
    op.create_index("ix_notification_unread", "notification", ["user_id", "read_at"], unique=False)
    op.create_table(
        "mute",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("notice", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_mute_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "notice", name="pk_mute"),
    )
    op.create_table(
        "failed_job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("function", sa.String(length=200), nullable=False),
        sa.Column("arguments", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_failed_job"),
    )


def downgrade() -> None:
    op.drop_table("failed_job")
    op.drop_table("mute")
    op.drop_index("ix_notification_unread", table_name="notification")
    op.drop_table("notification")
    op.drop_index("ix_mail_user_id", table_name="mail")
    op.drop_index("ix_mail_fiche_id", table_name="mail")
    op.drop_index("ix_mail_due", table_name="mail")
    op.drop_table("mail")
