"""Builds the application. Each concern has its init_app."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from backoffice import cli, models
from backoffice.core import config, logs, sealing
from backoffice.core.extensions import babel, bootstrap, csrf, db, folders, jobs, limiter, migrate, post
from backoffice.core.outgoing import outgoing
from workflows.notices import mail

from . import admin, assets, security, views

__all__ = ["create_app", "models"]


def create_app(settings: config.Config | None = None, **overrides: Any) -> Flask:
    """The WSGI application. overrides: Flask settings, for tests."""
    settings = settings or config.load()
    app = Flask(
        "backoffice",
        template_folder=str(config.templates()),
        static_folder=str(config.STATIC),
        instance_path=str(settings.instance.resolve()),
    )
    app.config.update(settings.as_flask())
    app.config.update(overrides)
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # as WSGI layers are added
    logs.init_app(app)
    sealing.init_app(app)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(config.MIGRATIONS), render_as_batch=False)
    bootstrap.init_app(app)
    assets.init_app(app)
    jobs.init_app(app)
    folders.init_app(app)
    post.init_app(app, mail.wake)
    outgoing.init_app(app)
    security.init_app(app)
    views.init_app(app)  # permissions are checked before CSRF
    babel.init_app(app, default_locale="fr", default_timezone="Europe/Paris")
    admin.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)
    cli.init_app(app)
    views.check_permissions(app)
    return app
