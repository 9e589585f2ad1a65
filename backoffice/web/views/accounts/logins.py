"""Logins and failed attempts, for administrators; removal of the second factor of a person whose phone is lost."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import User
from backoffice.queries.accounts import logins as queries
from backoffice.queries.paging import Place
from backoffice.web.guard import requires
from workflows.accounts import second_factor
from workflows.case import Refused

blueprint = Blueprint("logins", __name__, url_prefix="/administration/connexions")


@blueprint.get("/")
@requires(Permission.ADMINISTER)
def index() -> ResponseReturnValue:
    return _page(None)


@blueprint.get("/<int:user_id>")
@requires(Permission.ADMINISTER)
def account(user_id: int) -> ResponseReturnValue:
    return _page(db.session.get(User, user_id) or abort(404))


def _page(user: User | None) -> str:
    text = request.args.get("q", "").replace("\x00", "").strip()[:160]
    events = queries.events(db.session(), user.id if user else None, "" if user else text, Place.read(request.args))
    return render_template("accounts/logins.html", user=user, text=text, events=events)


@blueprint.post("/<int:user_id>/second-facteur/retirer")
@requires(Permission.ADMINISTER)
def remove(user_id: int) -> ResponseReturnValue:
    try:
        with atomic() as session:
            user = session.get(User, user_id) or abort(404)
            done = second_factor.reset(session, db.session.get_one(User, current_user.id), user)
    except Refused as refused:
        flash(refused.message, "warning")
    else:
        told = "Le second facteur est retiré ; la personne en est prévenue par e-mail."
        flash(told if done else "Ce compte n’a pas de second facteur.", "success" if done else "warning")
    return redirect(url_for(".account", user_id=user_id), 303)
