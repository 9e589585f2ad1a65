"""link: links sent by e-mail that let somebody in; e-mails that carry one forget it once sent"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("mail", sa.Column("secret", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=160), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("single_use", sa.Boolean(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("structure", sa.String(length=250), nullable=False),
        sa.Column("territoire_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_link_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_link_territoire_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_link"),
    )
    op.create_index("ix_link_email", "link", ["email"], unique=False)
    op.create_index("ix_link_user_id", "link", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_link_user_id", table_name="link")
    op.drop_index("ix_link_email", table_name="link")
    op.drop_table("link")
    op.drop_column("mail", "secret")
