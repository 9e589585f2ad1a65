"""second factor, recovery codes, log of logins, links that prove an address; what a connection says of itself"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0025"

WAYS = "way IN ('mot_de_passe', 'lien', 'code', 'secours')"
KINDS = "kind IN ('mot_de_passe', 'adresse', 'retour')"


def upgrade() -> None:
    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(length=32), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_secret", sa.String(length=32), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.CheckConstraint("(secret = '') = (confirmed_at IS NULL)", name="confirmed"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_second_factor_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="pk_second_factor"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_recovery_code_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
        sa.UniqueConstraint("user_id", "code_hash", name="uq_recovery_code_user_id_code_hash"),
    )
    op.create_table(
        "login_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("way", sa.String(length=30), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("device", sa.String(length=60), nullable=False),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.CheckConstraint(WAYS, name="way"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_login_event_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_login_event"),
    )
    op.create_index("ix_login_event_at", "login_event", ["at"])
    op.create_index("ix_login_event_user_id", "login_event", ["user_id", "id"])
    op.create_table(
        "proof",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(KINDS, name="kind"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_proof_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_proof"),
    )
    op.create_index("ix_proof_user_id", "proof", ["user_id"])
    op.add_column("login", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("login", sa.Column("device", sa.String(length=60), nullable=False, server_default=""))
    op.add_column("login", sa.Column("awaits_code", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    # A connection that waits for its second factor would be one that has it.
    op.execute("DELETE FROM login WHERE awaits_code")
    for column in ("awaits_code", "device", "seen_at"):
        op.drop_column("login", column)
    for table in ("proof", "login_event", "recovery_code", "second_factor"):
        op.drop_table(table)
