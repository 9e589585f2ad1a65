"""invitations, requests to join a structure, structures that have nobody left"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0023"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def unique_where(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=160), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("organisme_id", sa.Integer(), nullable=True),
        sa.Column("territoire_id", sa.Integer(), nullable=True),
        sa.Column("programmes", JSON, nullable=False),
        sa.Column("departements", JSON, nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("invited_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('ouverte', 'acceptee', 'retiree')", name="state"),
        sa.CheckConstraint(
            "role IN ('saisie', 'responsable', 'moderateur', 'financeur', 'administrateur')", name="role"
        ),
        sa.CheckConstraint("(role IN ('saisie', 'responsable')) = (organisme_id IS NOT NULL)", name="of_a_structure"),
        sa.CheckConstraint(
            "(role IN ('moderateur', 'financeur')) = (territoire_id IS NOT NULL)", name="of_a_territoire"
        ),
        sa.CheckConstraint("(state = 'ouverte') = (closed_at IS NULL)", name="closed"),
        sa.CheckConstraint("(state = 'acceptee') = (accepted_by_id IS NOT NULL)", name="accepted"),
        sa.ForeignKeyConstraint(["organisme_id"], ["organisme.id"], name="fk_invitation_organisme_id"),
        sa.ForeignKeyConstraint(["territoire_id"], ["territoire.id"], name="fk_invitation_territoire_id"),
        sa.ForeignKeyConstraint(["invited_by_id"], ["user_account.id"], name="fk_invitation_invited_by_id"),
        sa.ForeignKeyConstraint(["accepted_by_id"], ["user_account.id"], name="fk_invitation_accepted_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("token_hash", name="uq_invitation_token_hash"),
    )
    op.create_index("ix_invitation_organisme_id", "invitation", ["organisme_id"])
    op.create_index("ix_invitation_invited_by_id", "invitation", ["invited_by_id"])
    unique_where("uq_invitation_structure", "invitation", ["email", "organisme_id"], "state = 'ouverte'")
    unique_where("uq_invitation_territoire", "invitation", ["email", "territoire_id", "role"], "state = 'ouverte'")
    unique_where("uq_invitation_network", "invitation", ["email"], "state = 'ouverte' AND role = 'administrateur'")
    op.create_table(
        "join_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisme_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('en_attente', 'acceptee', 'refusee', 'retiree')", name="state"),
        sa.CheckConstraint("(state = 'en_attente') = (closed_at IS NULL)", name="closed"),
        sa.CheckConstraint("state NOT IN ('acceptee', 'refusee') OR decided_by_id IS NOT NULL", name="decided"),
        sa.ForeignKeyConstraint(["organisme_id"], ["organisme.id"], name="fk_join_request_organisme_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_join_request_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user_account.id"], name="fk_join_request_decided_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_join_request"),
    )
    op.create_index("ix_join_request_organisme_id", "join_request", ["organisme_id"])
    unique_where("uq_join_request_waiting", "join_request", ["user_id", "organisme_id"], "state = 'en_attente'")
    op.create_table(
        "orphan",
        sa.Column("organisme_id", sa.Integer(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisme_id"], ["organisme.id"], name="fk_orphan_organisme_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organisme_id", name="pk_orphan"),
    )


def downgrade() -> None:
    op.drop_table("orphan")
    op.drop_table("join_request")
    op.drop_table("invitation")
