"""The pages. Views are thin: load within the scope, validate, call the domain once, answer."""

# ruff: noqa: F401 - some modules only add their pages to the blueprint of another

from __future__ import annotations

from flask import Flask

from backoffice.web import errors, guard, presentation
from backoffice.web.guard import check_permissions

from . import help_pages, home
from .accounts import (
    administration,
    email_tokens,
    invitations,
    joining,
    login,
    logins,
    magic_links,
    own_account,
    second_factor,
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
from .fiches import api, autosave, fast_lane, history, leaflet, renewals, steps
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


PAGES = (
    home,
    pne_contact,
    help_pages,
    leaflet,
    api,
    assisted_entry,
    inbox,
    campaigns,
    bilan,
    figures,
    login,
    administration,
    logins,
    published_fiches,
    pages,
    corrections,
    duplicates,
    pne_survey,
    outbox,
    health,
    fiches,
    serving,
    history,
    grant_import,
    imports,
    invitations,
    file_checks,
    magic_links,
    members,
    personal_data,
    queue,
    carrier_help,
    own_account,
    reasons,
    people,
    fast_lane,
    carriers,
    email_tokens,
    recognition,
    renewals,
    registres,
    settings,
    moderation_rules,
    joining,
    remarks,
    steps,
    second_factor,
    structure_doubles,
    structures,
    own_grants,
    suivi_flux,
    board,
    territoires,
)
"""Each gives its `blueprint`."""


def init_app(app: Flask) -> None:
    login.init_app(app)
    app.before_request(guard.enforce)
    app.teardown_request(guard.forget_upload)
    errors.init_app(app)
    presentation.init_app(app)
    help_pages.init_app(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    app.register_blueprint(api.page)
