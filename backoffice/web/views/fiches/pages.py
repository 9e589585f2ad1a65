"""Fiches of a structure: list, creation, page of a fiche and its actions."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.passwords import token_hash
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import Dispositif
from backoffice.queries.fiches import scope as queries
from backoffice.queries.moderation.campaigns import open_to
from backoffice.queries.paging import Place
from backoffice.web.fiche_page import fiche_page, offered
from backoffice.web.guard import requires
from backoffice.web.scope import acting_organisme, entered_fiche, own_fiche
from backoffice.web.security import id_of
from forms.fiches.paths import PATHS
from workflows.case import Refused
from workflows.fiches import operations
from workflows.fiches.dashboard import cards
from workflows.fiches.engine import apply
from workflows.fiches.transitions import TRANSITIONS

blueprint = Blueprint("fiches", __name__, url_prefix="/fiches")


@blueprint.get("/")
@requires(Permission.WRITE_FICHE)
def index() -> ResponseReturnValue:
    organisme = acting_organisme() or abort(404)
    text = clean(request.args.get("q", ""))[:100]
    shelf = queries.own_fiches(db.session(), current_user, organisme, text, Place.read(request.args))
    campaigns = open_to(db.session(), organisme, local_day(now()))
    return render_template(
        "fiches/list.html",
        organisme=organisme,
        shelf=shelf,
        text=text,
        cards=cards(db.session(), shelf.rows, campaigns),
        campaigns=campaigns,
    )


@blueprint.get("/nouvelle")
@requires(Permission.WRITE_FICHE)
def new() -> ResponseReturnValue:
    return new_page(secrets.token_hex(16))


def new_page(key: str, errors: Mapping[str, str] = MappingProxyType({})) -> str:
    """key: makes creation idempotent, see `create`; errors: by field."""
    chosen = {"organisme": request.form.get("organisme", type=id_of), "dispositif": request.form.get("dispositif")}
    return render_template("fiches/new.html", paths=PATHS, key=key, errors=errors, chosen=chosen)


@blueprint.post("/nouvelle")
@requires(Permission.WRITE_FICHE, keeps_input=True)
def create() -> ResponseReturnValue:
    own = {membership.organisme_id: membership.organisme for membership in current_user.memberships}
    organisme = own.get(request.form.get("organisme", type=id_of))
    dispositif = request.form.get("dispositif", "")
    page = request.form.get("cle", "")
    errors = {}
    if organisme is None:
        errors["organisme"] = "Choisissez la structure au nom de laquelle vous faites cette fiche."
    if dispositif not in set(PATHS):
        errors["dispositif"] = "Choisissez ce que vous voulez décrire."
    if organisme is None or errors:
        return new_page(page, errors), 422
    # Idempotent: the same page sent twice creates one fiche; with another structure chosen, it creates another.
    key = token_hash(f"{current_user.id} {organisme.id} {dispositif} {page}")[:40] if page else None
    with atomic() as session:
        fiche = operations.create_fiche(session, organisme, Dispositif(dispositif), current_user, key)
    return redirect(url_for("steps.step_form", fiche_id=fiche.id, slug=PATHS[fiche.dispositif].steps[0].slug), 303)


@blueprint.get("/<int:fiche_id>")
@requires(Permission.ENTER_FICHE)
def fiche(fiche_id: int) -> ResponseReturnValue:
    return fiche_page(entered_fiche(fiche_id))


@blueprint.post("/<int:fiche_id>/modifier")
@requires(Permission.ENTER_FICHE)
def edit(fiche_id: int) -> ResponseReturnValue:
    fiche = entered_fiche(fiche_id)
    try:
        with atomic() as session:
            operations.open_draft(session, fiche_id, current_user)
    except Refused as refused:
        return fiche_page(entered_fiche(fiche_id), refused.message), 409
    return redirect(url_for("steps.review_form", fiche_id=fiche.id), 303)


@blueprint.post("/<int:fiche_id>/<name>")
@requires(Permission.WRITE_FICHE)
def transition(fiche_id: int, name: str) -> ResponseReturnValue:
    """Archives a fiche or takes it out of the archives. Submission is on the review page."""
    fiche = own_fiche(fiche_id)
    wanted = TRANSITIONS.get(name)
    if wanted is None or not offered(wanted):
        abort(404)
    try:
        with atomic() as session:
            apply(session, name, fiche_id=fiche_id, revision_id=fiche.latest.id, actor=current_user)
    except Refused as refused:
        return fiche_page(own_fiche(fiche_id), refused.message), 409
    flash(f"La fiche a été {wanted.done}.", "success")
    return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
