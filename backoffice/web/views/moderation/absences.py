"""The published fiches that readers of the flows do not show, with the cause of each, for moderators."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.queries.flux import sightings
from backoffice.web.guard import requires

blueprint = Blueprint("absences", __name__, url_prefix="/moderation/lecteurs")


@blueprint.get("/")
@requires(Permission.MODERATE)
def index() -> ResponseReturnValue:
    session = db.session()
    return render_template(
        "moderation/absences.html",
        absences=sightings.absences(session, current_user.territoire_ids(Role.MODERATEUR)),
        sources=sightings.sources(session),
        most=sightings.ABSENCES_SHOWN,
    )
