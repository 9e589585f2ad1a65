"""fiche.faulty: a reader refuses a value of the published version"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.add_column("fiche", sa.Column("faulty", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("fiche", "faulty")
