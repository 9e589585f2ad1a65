"""territoire.contact_telephone: in E.164, a short number as it is dialled; what is no number stays as it was typed

Telephones of contents are upgraded when they are read: see backoffice.models.content.upgrades.
"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from backoffice.models.values import telephones

revision = "0042"
down_revision = "0041"

TERRITOIRE = sa.table("territoire", sa.column("id"), sa.column("contact_telephone"))


def upgrade() -> None:
    _write(telephones.stored)


def downgrade() -> None:
    _write(telephones.shown)


def _write(form: Callable[[str], str]) -> None:
    base = op.get_bind()
    for row in base.execute(sa.select(TERRITOIRE)).all():
        if (text := form(row.contact_telephone)) != row.contact_telephone:
            base.execute(TERRITOIRE.update().where(TERRITOIRE.c.id == row.id).values(contact_telephone=text))
