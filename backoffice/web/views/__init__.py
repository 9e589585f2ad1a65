# ruff: noqa: F401 - each module is imported for its blueprints
"""The pages. Views are thin: load within the scope, validate, call the domain once, answer.

A module with routes has a blueprint of its own and imports no other one; what several of them share is in
backoffice.web, or below.
"""

# ruff: noqa: F401 - some modules only add their pages to the blueprint of another

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
from .flux import file_checks, serving
from .importing import pages as imports
from .moderation import (
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
    """Those of the modules imported above: a new view is named there, once."""
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
