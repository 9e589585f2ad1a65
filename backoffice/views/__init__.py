"""The pages. Views are thin: load within the scope, validate, call the domain once, answer."""

from __future__ import annotations

from flask import Flask

from . import (
    accueil,
    api,
    avis,
    compte,
    consultation,
    correction,
    doublons,
    envois,
    errors,
    fiches,
    flux,
    guard,
    imports,
    lheo,
    liens,
    moderation,
    presentation,
    remarques,
    saisie,
)
from .guard import check_permissions

__all__ = ["check_permissions", "init_app"]


def init_app(app: Flask) -> None:
    compte.init_app(app)
    app.before_request(guard.enforce)
    errors.init_app(app)
    presentation.init_app(app)
    for module in (accueil, compte, fiches, saisie, moderation, imports, consultation, flux, api, avis, envois, liens):
        app.register_blueprint(module.blueprint)
    for module in (remarques, doublons, correction):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(api.page)
    lheo.init_app(app)
