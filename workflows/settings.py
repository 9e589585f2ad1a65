"""Changes the settings of a territoire, each one kept with its old and its new value."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import Territoire, User
from backoffice.permissions import Permission, Role
from forms.settings import SETTINGS

from .case import Refused
from .changes import record


def change_settings(session: Session, territoire_id: int, values: Mapping[str, int | bool], actor: User) -> int:
    """Writes those of `values` (by name of setting) that differ; returns how many did."""
    if territoire_id not in actor.territoire_ids(Role.MODERATEUR) or not actor.can(Permission.MODERATE):
        raise Refused("Vous ne pouvez pas changer les réglages de ce territoire.")
    territoire = session.scalars(
        select(Territoire)
        .where(Territoire.id == territoire_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    changed = [setting for setting in SETTINGS if values[setting.name] != getattr(territoire, setting.name)]
    for setting in changed:
        before, after = getattr(territoire, setting.name), values[setting.name]
        setattr(territoire, setting.name, after)
        record(session, actor, territoire, setting.name, setting.shown(before), setting.shown(after), territoire.id)
    session.flush()
    return len(changed)
