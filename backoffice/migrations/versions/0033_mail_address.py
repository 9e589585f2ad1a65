"""mail: an index on the address, for the spacing of requested links"""

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_index("ix_mail_address", "mail", ["address", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_mail_address", "mail")
