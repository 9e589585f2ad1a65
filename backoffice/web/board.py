"""Reads the filters of the funders' board from the query string."""

from __future__ import annotations

from flask import request
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.queries.conventions.board_filters import Filters, years


def asked() -> tuple[Filters, list[int]]:
    """(filters of the query string, years that the person may choose)."""
    known = years(db.session(), current_user)
    return Filters.of(request.args, known[0]), known
