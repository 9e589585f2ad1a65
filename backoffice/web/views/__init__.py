# ruff: noqa: F401 - each module is imported for its blueprints
"""The views. A view loads within its scope, validates, calls the domain once, answers.

A module with routes has its own blueprint and imports no other view module. Code that several modules share is in
backoffice.web, or on a lower floor.
"""

from __future__ import annotations

from types import ModuleType

from flask import Blueprint, Flask

from backoffice.web import errors, guard, login, presentation
from backoffice.web.guard import check_permissions

from . import help_pages, home
from .accounts import (
    administration,
    email_tokens,
    invitations,
    joining,
    logins,
    magic_links,
    own_account,
    second_factor,
)
from .accounts import (
    login as compte,
)
from .conventions import (
    board,
    board_files,
    grant_import,
    own_grants,
    pages,
    pne_contact,
    pne_survey,
    published_fiches,
    recognition,
    reminders,
)
from .fiches import api, fast_lane, history, leaflet, renewals, steps
from .fiches import pages as fiches
from .flux import administration as suivi_flux
from .flux import file_checks, serving, webhooks
from .importing import pages as imports
from .moderation import (
    absences,
    assisted_entry,
    bilan,
    campaigns,
    carrier_help,
    corrections,
    duplicates,
    figures,
    lots,
    moderation_rules,
    people,
    queue,
    reasons,
    remarks,
    version,
)
from .notices import inbox, outbox
from .privacy import personal_data
from .registers import pages as registres
from .structures import (
    carriers,
    editing,
    members,
)
from .structures import (
    duplicates as structure_doubles,
)
from .structures import (
    pages as structures,
)
from .territoires import pages as territoires
from .territoires import settings
from .work import health

__all__ = ["check_permissions", "init_app"]


def blueprints() -> list[Blueprint]:
    """The blueprints of the modules imported above. To register a new view module, import it there."""
    modules = [module for module in globals().values() if isinstance(module, ModuleType)]
    return [found for module in modules for found in vars(module).values() if isinstance(found, Blueprint)]


def init_app(app: Flask) -> None:
    login.init_app(app)
    app.before_request(guard.enforce)
    app.teardown_request(guard.forget_upload)
    errors.init_app(app)
    presentation.init_app(app)
    help_pages.init_app(app)
    for blueprint in blueprints():
        app.register_blueprint(blueprint)
