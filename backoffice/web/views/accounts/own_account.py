"""The person's own account: password, e-mail address, open connections."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.passwords import LONGEST, hash_password, token_hash, verify
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.queries.accounts import logins as queries
from backoffice.queries.paging import Place
from backoffice.web.attempts import password_tries
from backoffice.web.guard import requires
from backoffice.web.kept_input import asked_email
from backoffice.web.scope import me
from forms.accounts import passwords
from workflows.accounts import email_change, logins
from workflows.accounts import passwords as renewal
from workflows.case import Refused

blueprint = Blueprint("own_account", __name__, url_prefix="/compte")

NOT_YOURS = "Ce n’est pas votre mot de passe actuel."


@blueprint.get("/")
@requires(Permission.CONNECTED)
def home() -> ResponseReturnValue:
    connections = queries.open_ones(db.session(), current_user)
    return render_template("accounts/own_account.html", connections=len(connections))


@blueprint.get("/mot-de-passe")
@requires(Permission.CONNECTED)
def password() -> ResponseReturnValue:
    return _password_page({})


def _password_page(errors: dict[str, str]) -> str:
    return render_template("accounts/password.html", errors=errors, help=passwords.HELP)


@blueprint.post("/mot-de-passe")
@password_tries
@requires(Permission.CONNECTED)
def change_password() -> ResponseReturnValue:
    errors = {} if _present_password() else {"actuel": NOT_YOURS}
    errors |= passwords.read_new(request.form, current_user.email)
    if errors:
        return _password_page(errors), 422
    written = hash_password(request.form["nouveau"])
    try:
        with atomic() as session:
            renewal.change(session, me(), written, current_user.login_token)
    except Refused as refused:
        flash(refused.message, "warning")
    else:
        flash("Votre mot de passe est changé. Les autres connexions ouvertes sont fermées.", "success")
    return redirect(url_for(".home"), 303)


def _present_password() -> bool:
    return verify(current_user.password_hash, request.form.get("actuel", "")[:LONGEST])


@blueprint.post("/mot-de-passe/lien")
@password_tries
@requires(Permission.CONNECTED)
def receive_link() -> ResponseReturnValue:
    """Sends a password link to the account's address, for a person who has no password or forgot it."""
    if current_user.demonstration:
        flash(renewal.PUBLIC_ACCOUNT, "warning")
        return redirect(url_for(".home"), 303)
    with atomic() as session:
        renewal.ask(session, current_user.email)
    flash(f"Un message vient de partir à {current_user.email} : ouvrez-le et suivez le lien.", "success")
    return redirect(url_for(".home"), 303)


@blueprint.get("/adresse")
@requires(Permission.CONNECTED)
def email_page() -> ResponseReturnValue:
    return render_template("accounts/email_change.html", errors={}, typed="")


@blueprint.post("/adresse")
@password_tries
@requires(Permission.CONNECTED)
def change_email() -> ResponseReturnValue:
    typed, errors = request.form.get("courriel", "").strip(), {}
    email = ""
    try:
        email = asked_email()
    except ValueError as error:
        errors["courriel"] = str(error)
    if email == current_user.email:
        errors["courriel"] = "C’est déjà l’adresse de votre compte."
    if current_user.password_hash and not _present_password():
        errors["actuel"] = NOT_YOURS
    if errors:
        return render_template("accounts/email_change.html", errors=errors, typed=typed[:200]), 422
    try:
        with atomic() as session:
            email_change.ask(session, me(), email)
    except Refused as refused:
        flash(refused.message, "warning")
    else:
        flash(
            f"Si {email} n’est pas déjà l’adresse d’un compte, un message vient d’y partir : suivez son lien. "
            "D’ici là, rien ne change.",
            "success",
        )
    return redirect(url_for(".home"), 303)


@blueprint.get("/connexions")
@requires(Permission.CONNECTED)
def logins_page() -> ResponseReturnValue:
    return render_template(
        "accounts/own_logins.html",
        connections=queries.open_ones(db.session(), current_user),
        present=token_hash(current_user.login_token),
        events=queries.events(db.session(), current_user.id, "", Place.read(request.args)),
    )


@blueprint.post("/connexions/fermer")
@requires(Permission.CONNECTED)
def close() -> ResponseReturnValue:
    with atomic() as session:
        if not logins.close_one(session, current_user, request.form.get("connexion", "")[:64].replace("\x00", "")):
            abort(404)
    flash("Cette connexion est fermée.", "success")
    return redirect(url_for(".logins_page"), 303)


@blueprint.post("/connexions/fermer-les-autres")
@requires(Permission.CONNECTED)
def close_others() -> ResponseReturnValue:
    with atomic() as session:
        closed = logins.close_others(session, current_user, current_user.login_token)
    words = {0: "Il n’y avait pas d’autre connexion ouverte.", 1: "L’autre connexion est fermée."}
    flash(words.get(closed, f"Les {closed} autres connexions sont fermées."), "success")
    return redirect(url_for(".logins_page"), 303)
