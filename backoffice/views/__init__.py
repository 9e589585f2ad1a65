"""The pages. Views are thin: load within the scope, validate, call the domain once, answer."""

from __future__ import annotations

from flask import Flask

from . import (
    accueil,
    api,
    assistance,
    avis,
    brouillon,  # noqa: F401 - adds its addresses to those of the steps
    chiffres,
    compte,
    consultation,
    correction,
    doublons,
    envois,
    errors,
    fiches,
    flux,
    guard,
    historique,
    imports,
    lheo,
    liens,
    moderation_file,
    moderation_lots,  # noqa: F401 - adds its pages to the same blueprint
    motifs,
    places,
    porteuse,
    presentation,
    regles,
    remarques,
    saisie,
    suivi_flux,
)
from .guard import check_permissions

__all__ = ["check_permissions", "init_app"]


PAGES = (
    accueil,
    api,
    assistance,
    avis,
    chiffres,
    compte,
    consultation,
    correction,
    doublons,
    envois,
    fiches,
    flux,
    historique,
    imports,
    lheo,
    liens,
    moderation_file,
    motifs,
    places,
    porteuse,
    regles,
    remarques,
    saisie,
    suivi_flux,
)
"""Each gives its `blueprint`."""


def init_app(app: Flask) -> None:
    compte.init_app(app)
    app.before_request(guard.enforce)
    app.teardown_request(guard.forget_upload)
    errors.init_app(app)
    presentation.init_app(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    app.register_blueprint(api.page)
