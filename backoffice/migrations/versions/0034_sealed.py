"""second_factor: room for an encrypted secret

The rows are encrypted by `flask keys rotate`, or when they are next written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def _second_factor() -> sa.Table:
    return sa.Table(
        "second_factor",
        sa.MetaData(),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(length=32), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_secret", sa.String(length=32), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.CheckConstraint("(secret = '') = (confirmed_at IS NULL)", name="confirmed"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_second_factor_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="pk_second_factor"),
    )


def upgrade() -> None:
    with op.batch_alter_table("second_factor", copy_from=_second_factor()) as batch:
        for name in ("secret", "next_secret"):
            batch.alter_column(name, type_=sa.Text(), existing_type=sa.String(length=32), existing_nullable=False)


def downgrade() -> None:
    """The columns keep their room: an encrypted secret does not fit in the former one."""
