"""For moderators: structures with current fiches but no active member, and join requests that moderators decide."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.queries.structures.members import requests_to_decide
from backoffice.queries.structures.orphans import MOST, orphans
from backoffice.web.guard import requires

blueprint = Blueprint("people", __name__, url_prefix="/moderation/personnes")


@blueprint.get("/")
@requires(Permission.MODERATE)
def index() -> ResponseReturnValue:
    session = db.session()
    return render_template(
        "moderation/people.html",
        demandes=requests_to_decide(session, current_user),
        orphans=orphans(session, current_user),
        most=MOST,
    )
