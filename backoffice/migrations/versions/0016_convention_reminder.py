"""convention_reminder: what funders ask to be reminded, and what became of it"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0012"

STATES = "state IN ('a_envoyer', 'envoyee', 'inutile', 'trop_tot', 'sans_adresse')"


def upgrade() -> None:
    op.create_table(
        "convention_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("convention_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(STATES, name="state"),
        sa.CheckConstraint("(state = 'a_envoyer') = (done_at IS NULL)", name="done"),
        sa.ForeignKeyConstraint(["convention_id"], ["convention.id"], name="fk_convention_reminder_convention_id"),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user_account.id"], name="fk_convention_reminder_asked_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_convention_reminder"),
        sa.UniqueConstraint("convention_id", "key", name="uq_convention_reminder_convention_id_key"),
    )
    op.create_index("ix_convention_reminder_waiting", "convention_reminder", ["state", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("convention_reminder")
