"""certification: examinations by name or number, with their validity"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "certification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=250), nullable=False),
        sa.Column("search_name", sa.String(length=250), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint("length(trim(label)) > 0", name="labelled"),
        sa.CheckConstraint("valid_from <= valid_until", name="valid_in_order"),
        sa.PrimaryKeyConstraint("id", name="pk_certification"),
        sa.UniqueConstraint("label", name="uq_certification_label"),
    )
    op.create_index("ix_certification_search_name", "certification", ["search_name"], unique=False)
    op.create_index(
        "uq_certification_code",
        "certification",
        ["code"],
        unique=True,
        postgresql_where=sa.text("code <> ''"),
        sqlite_where=sa.text("code <> ''"),
    )


def downgrade() -> None:
    op.drop_table("certification")
