"""The administration tables, on Flask-Admin. Each table is described in reference, network or logs."""

from __future__ import annotations

from flask import Flask
from flask_admin.base import Admin

from . import logs, network, reference
from .table import Home

ENDPOINT = "tables"
VIEWS = (*network.VIEWS, *reference.VIEWS, *logs.VIEWS)


def init_app(app: Flask) -> None:
    admin = Admin(app, index_view=Home(ENDPOINT, "/administration/tables"))
    for view in VIEWS:
        admin.add_view(view())
