"""A demonstration set that stood too long: nothing in it is under way any more. It is put aside, and loaded anew."""

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
    """Whether the base holds a set whose campaigns have all ended: see `demo.season.LIFE`."""
    if session.scalars(select(Fiche.id).where(Fiche.creation_key.like("demo-%")).limit(1)).first() is None:
        return False
    last: date | None = session.scalar(select(func.max(Campaign.deadline)))
    return last is None or last < today


def has_real_accounts(session: Session) -> bool:
    """Whether somebody made an account of their own beside those of the demonstration."""
    real = select(User.id).where(User.demonstration.is_(False), User.email != ADDRESS)
    return session.scalars(real.limit(1)).first() is not None


def put_aside(session: Session) -> Path:
    """Writes the base and the files of the instance in an archive, then empties the base. Returns the archive.

    Raises BackupError, with the base as it was. Published flows go too: they are made again from the base.
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
