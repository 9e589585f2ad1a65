"""The page, linked from an e-mail, where a carrier says whether it carries the structure that named it."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.core.extensions import db, limiter
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.web.guard import requires
from workflows.structures import carriers

blueprint = Blueprint("carriers", __name__, url_prefix="/porteuse")


@blueprint.get("/<token>")
@requires(Permission.PUBLIC)
def page(token: str) -> ResponseReturnValue:
    support = carriers.find(db.session(), token) or abort(404)
    return render_template("structures/carrier_answer.html", support=support, token=token)


@blueprint.post("/<token>")
@limiter.limit("30/minute;200/hour")
@requires(Permission.PUBLIC)
def answer(token: str) -> ResponseReturnValue:
    said = request.form.get("reponse", "")
    with atomic() as session:
        support = carriers.find(session, token) or abort(404)
        if said not in ("oui", "non"):
            return render_template("structures/carrier_answer.html", support=support, token=token, wrong=True), 422
        carriers.answer(session, token, said == "oui")
    return redirect(url_for(".page", token=token), 303)
