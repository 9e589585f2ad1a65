"""Published fiches in the scope of a funder, read-only."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.queries.fiches import scope as queries
from backoffice.web.guard import requires

blueprint = Blueprint("published_fiches", __name__, url_prefix="/consultation")


@blueprint.get("/")
@requires(Permission.READ_PUBLISHED)
def index() -> ResponseReturnValue:
    return render_template(
        "conventions/published_fiches.html", fiches=queries.published_fiches(db.session(), current_user)
    )


@blueprint.get("/<int:fiche_id>")
@requires(Permission.READ_PUBLISHED)
def fiche(fiche_id: int) -> ResponseReturnValue:
    fiche = queries.published_fiche(db.session(), current_user, fiche_id) or abort(404)
    assert fiche.published_revision is not None
    return render_template("conventions/published_fiche.html", fiche=fiche, content=fiche.published_revision.content)
