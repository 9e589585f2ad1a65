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


def may_set(actor: User, territoire_id: int) -> bool:
    """Whether the person sets what a territoire decides for itself: its moderators, and the administrators."""
    moderates = territoire_id in actor.territoire_ids(Role.MODERATEUR) and actor.can(Permission.MODERATE)
    return moderates or actor.can(Permission.ADMINISTER)


def change_settings(session: Session, territoire_id: int, values: Mapping[str, int | bool], actor: User) -> int:
    """Writes those of `values` (by name of setting) that differ; returns how many did."""
    if not may_set(actor, territoire_id):
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
