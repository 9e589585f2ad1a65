"""Links that prove an e-mail address: forgotten password, new address to confirm, change of address to undo.

A GET shows a page with a button; only the POST has an effect. Mail readers fetch the links of the messages they scan.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.core.extensions import db
from backoffice.core.passwords import hash_password
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Proof, ProofKind
from backoffice.web.attempts import know_device, link_requests
from backoffice.web.guard import requires
from backoffice.web.kept_input import asked_email, typed_email
from forms.accounts.passwords import HELP, read_new
from workflows.accounts import email_change, passwords
from workflows.case import Refused

blueprint = Blueprint("email_tokens", __name__)


@blueprint.get("/mot-de-passe-oublie")
@requires(Permission.PUBLIC)
def forgotten() -> ResponseReturnValue:
    return render_template("accounts/forgotten_password.html", email="", error="")


@blueprint.post("/mot-de-passe-oublie")
@link_requests
@requires(Permission.PUBLIC)
def ask() -> ResponseReturnValue:
    """Sends the password link. The answer is the same whether the address has an account or not."""
    try:
        email = asked_email()
    except ValueError as error:
        return render_template("accounts/forgotten_password.html", email=typed_email(), error=str(error)), 422
    with atomic() as session:
        passwords.ask(session, email)
    return redirect(url_for("magic_links.link_sent"), 303)


@blueprint.get("/mot-de-passe/<token>")
@requires(Permission.PUBLIC)
def password(token: str) -> ResponseReturnValue:
    return _password_page(token, passwords.find(db.session(), token), {})


def _password_page(token: str, proof: Proof | None, errors: dict[str, str]) -> ResponseReturnValue:
    state = "inconnu" if proof is None else "ouvert" if proof.open else "ancien"
    page = render_template("accounts/new_password.html", state=state, token=token, errors=errors, help=HELP)
    return page, 404 if proof is None else 422 if errors else 200


@blueprint.post("/mot-de-passe/<token>")
@requires(Permission.PUBLIC)
def choose(token: str) -> ResponseReturnValue:
    proof = passwords.find(db.session(), token)
    if proof is None or not proof.open:
        return _password_page(token, proof, {})
    if errors := read_new(request.form, proof.user.email):
        return _password_page(token, proof, errors)
    written = hash_password(request.form["nouveau"])
    with atomic() as session:
        if not passwords.choose(session, token, written):
            return _password_page(token, passwords.find(session, token), {})
    know_device(proof.user)  # who reads the mailbox of an account is not one of those who guess
    flash("Votre mot de passe est choisi. Connectez-vous avec lui.", "success")
    return redirect(url_for("login.login_form"), 303)


@blueprint.get("/adresse/<token>")
@requires(Permission.PUBLIC)
def email_page(token: str) -> ResponseReturnValue:
    return _address_page(token)


def _address_page(token: str, refused: str = "") -> ResponseReturnValue:
    proof = email_change.find(db.session(), token)
    page = render_template(
        "accounts/email_change_link.html", proof=proof, token=token, refused=refused, kinds=ProofKind
    )
    return page, 404 if proof is None else 409 if refused else 200


@blueprint.post("/adresse/<token>")
@requires(Permission.PUBLIC)
def follow_email(token: str) -> ResponseReturnValue:
    proof = email_change.find(db.session(), token)
    if proof is None or not proof.open:
        return _address_page(token)
    back = proof.kind is ProofKind.RETOUR
    try:
        with atomic() as session:
            user = email_change.undo(session, token) if back else email_change.confirm(session, token)
            email = user.email if user else ""
    except Refused as refused:
        return _address_page(token, refused.message)
    if not email:
        return _address_page(token)
    if back:
        flash(f"Votre compte a de nouveau l’adresse {email}, et ses connexions sont fermées.", "success")
        return redirect(url_for(".forgotten"), 303)
    flash(f"L’adresse de votre compte est maintenant {email}.", "success")
    return redirect(url_for("home.index"), 303)
