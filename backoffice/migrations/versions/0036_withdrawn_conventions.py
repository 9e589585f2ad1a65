"""conventions whose import was undone"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("convention", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("convention", "withdrawn_at")
