"""Home pages, suggestions of communes and certifications, health checks for monitoring."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.models import FicheState
from backoffice.queries.fiches.scope import counts_by_territoire
from backoffice.queries.flux.administration import latest_runs
from backoffice.queries.registers.certifications import certifications as finder
from backoffice.queries.territoires.communes import communes_of
from backoffice.web.guard import requires
from workflows.flux.runs import in_trouble

blueprint = Blueprint("home", __name__)

HOMES = (
    (Permission.WRITE_FICHE, "fiches.index"),
    (Permission.MODERATE, "queue.queue"),
    (Permission.FUND, "board.home"),
    (Permission.READ_PUBLISHED, "published_fiches.index"),
    (Permission.ADMINISTER, "home.administration"),
)
"""(permission, endpoint of the home page); the first permission that the person has decides."""


@blueprint.get("/")
@requires(Permission.PUBLIC)
def index() -> ResponseReturnValue:
    if not current_user.is_authenticated:
        return render_template("home.html")
    home = next((endpoint for permission, endpoint in HOMES if current_user.can(permission)), None)
    return redirect(url_for(home), 303) if home else render_template("home.html")


@blueprint.get("/administration")
@requires(Permission.ADMINISTER)
def administration() -> ResponseReturnValue:
    troubled = [run for run in latest_runs(db.session()) if in_trouble(run)]
    counts = counts_by_territoire(db.session())
    return render_template("work/administration.html", counts=counts, states=list(FicheState), troubled=troubled)


@blueprint.get("/communes")
@requires(Permission.CONNECTED)
def communes() -> ResponseReturnValue:
    """Communes that match ?q= (a name or the start of a postal code), as JSON, for the suggestions of a field."""
    found = communes_of.like(request.args.get("q", "").replace("\x00", ""))
    return jsonify([{"ville": commune.nom, "code_postal": code} for commune, code in found])


@blueprint.get("/certifications")
@requires(Permission.CONNECTED)
def certifications() -> ResponseReturnValue:
    """Certifications that match ?q= (a name or the start of a code), as JSON, for the suggestions of a field."""
    found = finder.like(request.args.get("q", "").replace("\x00", ""))
    return jsonify([{"libelle": one.label, "code": one.code, "validite": one.validity} for one in found])


@blueprint.get("/healthz")
@requires(Permission.PUBLIC)
def healthz() -> ResponseReturnValue:
    return "ok\n", 200, {"Content-Type": "text/plain"}


@blueprint.get("/readyz")
@requires(Permission.PUBLIC)
def readyz() -> ResponseReturnValue:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "la base ne répond pas\n", 503, {"Content-Type": "text/plain"}
    return "ok\n", 200, {"Content-Type": "text/plain"}
