"""A structure's own grants, in words: what is left for it to do, and the rule that asks for it."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.extensions import db
from backoffice.permissions import Permission
from backoffice.queries import conventions as queries

from .compte import acting_organisme
from .guard import requires

blueprint = Blueprint("subventions", __name__, url_prefix="/subventions")


@blueprint.get("/")
@requires(Permission.WRITE_FICHE)
def liste() -> ResponseReturnValue:
    organisme = acting_organisme()
    found = queries.own_conventions(db.session(), current_user, organisme.id) if organisme else []
    return render_template("conventions/subventions.html", conventions=found, organisme=organisme)
