"""The page of an invitation: it creates an account, or gives its role to the existing account."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db, limiter
from backoffice.core.passwords import hash_password
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Invitation, LoginWay
from backoffice.web.guard import requires
from backoffice.web.login import come_in
from forms.accounts.passwords import HELP, read_new
from forms.accounts.people import read_name
from workflows.accounts import invitations
from workflows.accounts.operations import by_email
from workflows.case import Refused

blueprint = Blueprint("invitations", __name__, url_prefix="/invitation")


def received(token: str) -> Invitation | None:
    return invitations.find(db.session(), token)


@blueprint.get("/<token>")
@requires(Permission.PUBLIC)
def page(token: str) -> ResponseReturnValue:
    found = received(token)
    return invitation_page(token, found), 200 if found else 404


def invitation_page(
    token: str, found: Invitation | None, errors: Mapping[str, str] = MappingProxyType({}), error: str = ""
) -> str:
    """The form shown depends on `state_of`. errors: by field, of the form that creates an account."""
    return render_template(
        "accounts/invitation.html",
        state=state_of(found),
        invitation=found,
        token=token,
        name=request.form.get("nom", ""),
        errors=errors,
        error=error,
        help=HELP,
    )


def state_of(found: Invitation | None) -> str:
    """What the visitor can do here. Only the invited person can accept: another connected account gets «autre»."""
    if found is None:
        return "inconnue"
    if not found.open:
        return found.state if found.closed_at else "perimee"
    if current_user.is_authenticated:
        return "accepter" if current_user.email == found.email else "autre"
    user = by_email(db.session(), found.email)
    if user is None:
        return "creer"
    return "connexion" if user.active else "desactive"


@blueprint.post("/<token>")
@limiter.limit("20/minute;100/hour")
@requires(Permission.PUBLIC)
def create(token: str) -> ResponseReturnValue:
    """Creates the account and logs it in."""
    found = received(token)
    if found is None or state_of(found) != "creer":
        return invitation_page(token, found), 409 if found else 404
    name, errors = read_name(request.form)
    errors |= read_new(request.form, found.email)
    if errors:
        return invitation_page(token, found, errors), 422
    written = hash_password(request.form["nouveau"])
    try:
        with atomic() as session:
            user = invitations.join(session, token, name, written)
    except Refused as refused:
        return invitation_page(token, received(token), error=refused.message), 409
    answer = come_in(user, LoginWay.LIEN, url_for("home.index"))
    flash("Votre compte est prêt. Bienvenue dans Relais !", "success")
    return answer


@blueprint.post("/<token>/accepter")
@requires(Permission.CONNECTED)
def accept(token: str) -> ResponseReturnValue:
    if received(token) is None:
        abort(404)
    try:
        with atomic() as session:
            invitations.accept(session, token, current_user)
    except Refused as refused:
        return invitation_page(token, received(token), error=refused.message), 409
    flash("L’invitation est acceptée.", "success")
    return redirect(url_for("home.index"), 303)
