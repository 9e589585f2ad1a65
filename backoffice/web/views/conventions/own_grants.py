"""The grants of the structure that the person acts for: what it still has to do, and the rule behind each request."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.queries.conventions import scope as queries
from backoffice.web.guard import requires
from backoffice.web.scope import acting_organisme, own_fiche
from forms.kit.posted import ties_of
from workflows.conventions.operations import keep_ties

blueprint = Blueprint("own_grants", __name__, url_prefix="/subventions")


@blueprint.get("/")
@requires(Permission.WRITE_FICHE)
def index() -> ResponseReturnValue:
    organisme = acting_organisme()
    found = queries.own_conventions(db.session(), current_user, organisme.id) if organisme else []
    return render_template("conventions/own_grants.html", conventions=found, organisme=organisme)


@blueprint.post("/fiches/<int:fiche_id>")
@requires(Permission.WRITE_FICHE)
def tie(fiche_id: int) -> ResponseReturnValue:
    fiche = own_fiche(fiche_id)
    with atomic() as session:
        keep_ties(session, current_user, fiche, ties_of(request.form))
    flash("Les subventions de cette fiche sont à jour.", "success")
    return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
