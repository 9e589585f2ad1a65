"""What the pages of the funders' board read from their address."""

from __future__ import annotations

from flask import request
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.queries.conventions.board_filters import Filters, years


def asked() -> tuple[Filters, list[int]]:
    """(the filters of the address, the years that the person may choose)."""
    known = years(db.session(), current_user)
    return Filters.of(request.args, known[0]), known
