"""The person's structures: leaving one, asking to join another; the same request from somebody without an account."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db, limiter
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import JoinRequest, JoinState, Organisme
from backoffice.queries.structures import members as queries
from backoffice.web.attempts import TRAP, link_requests
from backoffice.web.guard import requires
from backoffice.web.kept_input import asked_email
from forms.accounts.people import read_name, read_words
from workflows.accounts import joining, magic_links
from workflows.case import Refused
from workflows.structures import members

blueprint = Blueprint("joining", __name__)

STATES = {
    JoinState.EN_ATTENTE: "En attente d’une réponse",
    JoinState.ACCEPTEE: "Acceptée",
    JoinState.REFUSEE: "Refusée",
    JoinState.RETIREE: "Annulée",
}


@blueprint.get("/mes-structures/")
@requires(Permission.CONNECTED)
def home() -> ResponseReturnValue:
    return own_page()


def own_page(error: str = "") -> str:
    return render_template(
        "accounts/joining/home.html",
        memberships=current_user.memberships,
        demandes=queries.own_requests(db.session(), current_user),
        states=STATES,
        error=error,
    )


@blueprint.post("/mes-structures/<int:organisme_id>/quitter")
@requires(Permission.CONNECTED)
def leave(organisme_id: int) -> ResponseReturnValue:
    if organisme_id not in current_user.organisme_ids:
        abort(404)
    try:
        with atomic() as session:
            left = members.leave(session, current_user, organisme_id)
    except Refused as refused:
        return own_page(refused.message), 409
    flash(f"Vous ne faites plus partie de « {left.nom} ».", "success")
    return redirect(url_for(".home"), 303)


@blueprint.post("/mes-structures/demandes/<int:request_id>/annuler")
@requires(Permission.CONNECTED)
def cancel(request_id: int) -> ResponseReturnValue:
    found = db.session.get(JoinRequest, request_id)
    if found is None or found.user_id != current_user.id:
        abort(404)
    try:
        with atomic() as session:
            joining.cancel(session, current_user, request_id)
    except Refused as refused:
        return own_page(refused.message), 409
    flash("Votre demande est annulée.", "success")
    return redirect(url_for(".home"), 303)


@blueprint.get("/mes-structures/rejoindre")
@limiter.limit("30/minute;300/hour")
@requires(Permission.CONNECTED)
def search() -> ResponseReturnValue:
    text = clean(request.args.get("q", ""))[:100]
    found = queries.findable(db.session(), current_user, text)
    return render_template(
        "accounts/joining/search.html",
        structures=found[: queries.MOST],
        more=len(found) > queries.MOST,
        text=text,
        shortest=queries.SHORTEST,
    )


@blueprint.get("/mes-structures/rejoindre/<int:organisme_id>")
@requires(Permission.CONNECTED)
def request_form(organisme_id: int) -> ResponseReturnValue:
    return request_page(wanted(organisme_id))


def wanted(organisme_id: int) -> Organisme:
    found = db.session.get(Organisme, organisme_id)
    return found if found is not None and found.merged_into_id is None else abort(404)


def request_page(organisme: Organisme, words: str = "", errors: Mapping[str, str] = MappingProxyType({})) -> str:
    return render_template("accounts/joining/request.html", organisme=organisme, words=words, errors=errors)


@blueprint.post("/mes-structures/rejoindre/<int:organisme_id>")
@limiter.limit("10/minute;40/hour")
@requires(Permission.CONNECTED, keeps_input=True)
def ask(organisme_id: int) -> ResponseReturnValue:
    organisme = wanted(organisme_id)
    words, errors = read_words(request.form)
    if errors:
        return request_page(organisme, words, errors), 422
    try:
        with atomic() as session:
            joining.ask(session, current_user, organisme.id, words)
    except Refused as refused:
        return request_page(organisme, words, {"mots": refused.message}), 409
    flash("Votre demande est envoyée. Vous recevrez la réponse par e-mail et dans vos messages.", "success")
    return redirect(url_for(".home"), 303)


# --- Without account --------------------------------------------------------------------------------


@blueprint.get("/rejoindre")
@requires(Permission.PUBLIC)
def begin() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(url_for(".search"), 303)
    return _form({})


def _form(errors: Mapping[str, str]) -> str:
    typed = {name: request.form.get(name, "") for name in ("nom", "courriel")}
    return render_template("accounts/joining/begin.html", typed=typed, errors=errors, trap=TRAP)


@blueprint.post("/rejoindre")
@link_requests
@requires(Permission.PUBLIC)
def confirm() -> ResponseReturnValue:
    """Sends the link that confirms the address. The answer is the same whether the address has an account or not."""
    name, errors = read_name(request.form)
    address = ""
    try:
        address = asked_email()
    except ValueError as error:
        errors["courriel"] = str(error)
    if errors:
        return _form(errors), 422
    if not request.form.get(TRAP):
        with atomic() as session:
            magic_links.ask_to_join(session, address, name)
    return redirect(url_for("magic_links.link_sent"), 303)
