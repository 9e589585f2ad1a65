"""Append-only tables: triggers make the database refuse UPDATE and DELETE."""

from __future__ import annotations

from alembic import op

ORDERS = ("update", "delete")


def protect(table: str) -> None:
    """Creates triggers that refuse UPDATE and DELETE on `table`, on SQLite and PostgreSQL."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
        )
        return
    for order in ORDERS:
        op.execute(
            f"CREATE TRIGGER {table}_no_{order} BEFORE {order.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def release(table: str) -> None:
    """Drops what `protect` created; to be called before `table` is dropped or rewritten."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(f"DROP FUNCTION {table}_append_only()")
        return
    for order in ORDERS:
        op.execute(f"DROP TRIGGER {table}_no_{order}")
