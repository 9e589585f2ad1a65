"""One's own account on one page, and what each part of it leads to."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from backoffice.permissions import Permission

from .guard import requires

blueprint = Blueprint("mon_compte", __name__, url_prefix="/compte")


@blueprint.get("/")
@requires(Permission.CONNECTED)
def accueil() -> ResponseReturnValue:
    return render_template("compte/accueil.html")
