"""Alembic environment: runs within the Flask application, on its engine."""

from __future__ import annotations

from alembic import context

from backoffice.core.extensions import Base, db

if context.is_offline_mode():
    raise SystemExit("Les migrations s’appliquent à une base ouverte : `flask db upgrade`.")

with db.engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
