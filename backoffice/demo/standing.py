"""Replacement of an outdated demonstration set, in which nothing is in progress any more: archived, then reloaded."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import flask_migrate
from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.core.backup import DEMONSTRATIONS, backup, clear
from backoffice.core.clock import now
from backoffice.core.dates import PARIS
from backoffice.core.extensions import folders
from backoffice.models import Campaign, Fiche, Flux, User
from workflows.robot import ADDRESS


def over(session: Session, today: date) -> bool:
    """Whether the database holds a set whose campaigns have all ended: see `demo.season.LIFE`."""
    if session.scalars(select(Fiche.id).where(Fiche.creation_key.like("demo-%")).limit(1)).first() is None:
        return False
    last: date | None = session.scalar(select(func.max(Campaign.deadline)))
    return last is None or last < today


def has_real_accounts(session: Session) -> bool:
    """Whether there are accounts other than those of the demonstration."""
    real = select(User.id).where(User.demonstration.is_(False), User.email != ADDRESS)
    return session.scalars(real.limit(1)).first() is not None


def put_aside(session: Session) -> Path:
    """Archives the database and the instance files, then empties the database. Returns the path of the archive.

    Raises BackupError, with the database unchanged. Published flows are deleted: they can be rebuilt from the database.
    """
    file = Path(current_app.instance_path) / DEMONSTRATIONS.replace("*", f"{now().astimezone(PARIS):%Y-%m-%d-%H%M%S}")
    flows = [folders.flux / code for code in session.scalars(select(Flux.code))]
    session.rollback()
    backup(file)
    clear()
    for folder in flows:
        shutil.rmtree(folder, ignore_errors=True)
    flask_migrate.upgrade()
    return file
