"""The page linked from the e-mail to the survey address: confirm the address, or give another."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.core.extensions import db, limiter
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import ContactRequest
from backoffice.web.guard import requires
from backoffice.web.kept_input import asked_email
from workflows.conventions import pne_contacts

blueprint = Blueprint("pne_contact", __name__, url_prefix="/adresse-enquete")


def asked(token: str) -> ContactRequest:
    return pne_contacts.find(db.session(), token) or abort(404)


@blueprint.get("/<token>")
@requires(Permission.PUBLIC)
def page(token: str) -> ResponseReturnValue:
    return link_page(token)


def link_page(token: str, typed: str = "", error: str = "") -> str:
    found = asked(token)
    return render_template(
        "conventions/pne_contact.html",
        request_=found,
        convention=found.convention,
        done=request.args.get("fait", ""),
        token=token,
        typed=typed,
        error=error,
    )


@blueprint.post("/<token>")
@limiter.limit("30/minute;200/hour")
@requires(Permission.PUBLIC)
def answer(token: str) -> ResponseReturnValue:
    asked(token)
    other = clean(request.form.get("autre", ""))[:200]
    try:
        address = asked_email("autre") if "changer" in request.form else ""
    except ValueError as error:
        return link_page(token, other, str(error)), 422
    with atomic() as session:
        done = pne_contacts.name_other(session, token, address) if address else pne_contacts.confirm(session, token)
    if not done:
        return link_page(token), 409
    return redirect(url_for(".page", token=token, fait="autre" if address else "oui"), 303)


@blueprint.post("/<token>/renouveler")
@limiter.limit("10/minute;30/hour")
@requires(Permission.PUBLIC)
def renew_link(token: str) -> ResponseReturnValue:
    asked(token)
    with atomic() as session:
        pne_contacts.renew(session, token)
    return redirect(url_for(".page", token=token, fait="renouvele"), 303)
