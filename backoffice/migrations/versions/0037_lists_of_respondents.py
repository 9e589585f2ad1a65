"""lists of respondents of the PNE survey are imports"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

BEFORE = "kind IN ('lheo', 'tableau', 'reponses', 'conventions')"
NOW = "kind IN ('lheo', 'tableau', 'reponses', 'conventions', 'repondants')"


def upgrade() -> None:
    _kinds_of_import(BEFORE, NOW)


def downgrade() -> None:
    op.execute("DELETE FROM import_line WHERE job_id IN (SELECT id FROM import_job WHERE kind = 'repondants')")
    op.execute("DELETE FROM import_job WHERE kind = 'repondants'")
    _kinds_of_import(NOW, BEFORE)


def _kinds_of_import(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_import_job_kind"), "import_job")
        op.create_check_constraint(op.f("ck_import_job_kind"), "import_job", after)
        return
    # SQLite cannot change a constraint: the table is written again. Its lines wait apart meanwhile, for they would go
    # away with it.
    written = op.get_bind().execute(sa.text("SELECT sql FROM sqlite_master WHERE name = 'import_job'")).scalar_one()
    assert before in written
    for order in (
        "CREATE TABLE import_line_kept AS SELECT * FROM import_line",
        "DELETE FROM import_line",
        "CREATE TABLE import_job_new " + written[written.index("(") :].replace(before, after),
        "INSERT INTO import_job_new SELECT * FROM import_job",
        "DROP TABLE import_job",
        "ALTER TABLE import_job_new RENAME TO import_job",
        "INSERT INTO import_line SELECT * FROM import_line_kept",
        "DROP TABLE import_line_kept",
    ):
        op.execute(sa.text(order.replace(":", "\\:")))
    op.create_index("ix_import_job_created_by_id", "import_job", ["created_by_id"], unique=False)
