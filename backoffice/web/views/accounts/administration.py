"""Accounts, for administrators: list, assignments, deactivation, invitations to moderate, fund or administer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import Assignment, Invitation, Territoire, User
from backoffice.queries.accounts import search as queries
from backoffice.queries.paging import Place
from backoffice.queries.structures.members import last_connections, network_invitations
from backoffice.reference.programmes import programmes
from backoffice.web.guard import requires
from backoffice.web.security import id_of
from forms.accounts.people import InvitationForm, read_scope
from workflows.accounts import access, deactivation, invitations
from workflows.accounts.operations import shown_scope
from workflows.case import Refused

blueprint = Blueprint("account_admin", __name__, url_prefix="/administration/comptes")

SERVING = {Role.MODERATEUR: "Modérer les fiches du territoire", Role.FINANCEUR: "Suivre les projets financés"}
OFFERED = {**SERVING, Role.ADMINISTRATEUR: "Administrer le réseau"}


def territoires() -> dict[int, Territoire]:
    return {row.id: row for row in db.session.scalars(select(Territoire).order_by(Territoire.nom))}


def person(user_id: int) -> User:
    return queries.account(db.session(), user_id) or abort(404)


@blueprint.get("/")
@requires(Permission.ADMINISTER)
def index() -> ResponseReturnValue:
    asked = {name: clean(request.args.get(name, ""))[:100] for name in ("q", "role", "territoire", "etat")}
    known = territoires()
    number = int(asked["territoire"]) if asked["territoire"] in {str(id_) for id_ in known} else None
    wanted = queries.Wanted(
        asked["q"], Role(asked["role"]) if asked["role"] in set(Role) else None, number, asked["etat"] != "desactives"
    )
    shelf = queries.accounts(db.session(), wanted, Place.read(request.args))
    # A search looks at closed accounts too, and says so.
    other = queries.number_of_accounts(db.session(), replace(wanted, active=not wanted.active)) if asked["q"] else 0
    seen = last_connections(db.session(), [user.id for user in shelf.rows])
    return render_template(
        "accounts/administration/list.html",
        shelf=shelf,
        asked=asked,
        other=other,
        territoires=known,
        roles=list(Role),
        seen=seen,
    )


@blueprint.get("/<int:user_id>")
@requires(Permission.ADMINISTER)
def account(user_id: int) -> ResponseReturnValue:
    return account_page(person(user_id))


def account_page(user: User, errors: Mapping[str, str] = MappingProxyType({}), error: str = "", form: str = "") -> str:
    """form: the form sent (an assignment's id or «nouvelle»); errors: its errors by field; error: a refusal."""
    return render_template(
        "accounts/administration/account.html",
        user=user,
        seen=last_connections(db.session(), [user.id]).get(user.id),
        changes=queries.changes_of(db.session(), user),
        territoires=territoires(),
        serving=SERVING,
        programmes={code: row.label for code, row in programmes().items()},
        scope=shown_scope,
        errors=errors,
        error=error,
        form=form,
    )


def done(user: User, act: Callable[[Session], object], words: str, form: str = "") -> ResponseReturnValue:
    """Runs `act` in a transaction, then redirects with the message `words`; 409 and the page when it is refused."""
    try:
        with atomic() as session:
            act(session)
    except Refused as refused:
        return account_page(user, error=refused.message, form=form), 409
    flash(words, "success")
    return redirect(url_for(".account", user_id=user.id), 303)


@blueprint.post("/<int:user_id>/<any(desactiver, rouvrir):action>")
@requires(Permission.ADMINISTER)
def close(user_id: int, action: str) -> ResponseReturnValue:
    user = person(user_id)
    act = deactivation.deactivate if action == "desactiver" else deactivation.reactivate
    words = "Le compte est désactivé." if action == "desactiver" else "Le compte est ouvert de nouveau."
    return done(user, lambda session: act(session, current_user, user_id), words)


@blueprint.post("/<int:user_id>/administration/<any(donner, retirer):action>")
@requires(Permission.ADMINISTER)
def administration(user_id: int, action: str) -> ResponseReturnValue:
    user = person(user_id)
    act = access.give_network if action == "donner" else access.take_network
    words = "Cette personne administre le réseau." if action == "donner" else "Cette personne n’administre plus."
    return done(user, lambda session: act(session, current_user, user_id), words)


@blueprint.post("/<int:user_id>/affectations")
@requires(Permission.ADMINISTER, keeps_input=True)
def assign(user_id: int) -> ResponseReturnValue:
    user, role = person(user_id), request.form.get("role", "")
    territoire = territoires().get(request.form.get("territoire", type=id_of) or 0)
    codes, departements, errors = read_scope(request.form)
    if role not in set(SERVING):
        errors["role"] = "Choisissez ce que cette personne fera."
    if territoire is None:
        errors["territoire"] = "Choisissez le territoire."
    if territoire is None or errors:
        return account_page(user, errors, form="nouvelle"), 422
    place = access.Place(Role(role), territoire, codes, departements)
    return done(
        user,
        lambda session: access.serve(session, current_user, user_id, place),
        f"{Role(role).label}, {territoire.nom} : c’est enregistré.",
        "nouvelle",
    )


def assignment(user: User, assignment_id: int) -> Assignment:
    return next((row for row in user.assignments if row.id == assignment_id), None) or abort(404)


@blueprint.post("/<int:user_id>/affectations/<int:assignment_id>")
@requires(Permission.ADMINISTER, keeps_input=True)
def follow(user_id: int, assignment_id: int) -> ResponseReturnValue:
    """Changes the programmes and départements that a funder follows; 404 for an assignment of another role."""
    user = person(user_id)
    row = assignment(user, assignment_id)
    codes, departements, errors = read_scope(request.form)
    if row.role is not Role.FINANCEUR:
        abort(404)
    if errors:
        return account_page(user, errors, form=str(row.id)), 422
    place = access.Place(row.role, row.territoire, codes, departements)
    return done(
        user,
        lambda session: access.serve(session, current_user, user_id, place),
        "Ce que suit ce financeur est enregistré.",
        str(row.id),
    )


@blueprint.post("/<int:user_id>/affectations/<int:assignment_id>/retirer")
@requires(Permission.ADMINISTER)
def remove(user_id: int, assignment_id: int) -> ResponseReturnValue:
    user = person(user_id)
    row = assignment(user, assignment_id)
    words = f"{row.role.label}, {row.territoire.nom} : c’est retiré."
    return done(user, lambda session: access.stop_serving(session, current_user, user_id, assignment_id), words)


# --- Invitations ------------------------------------------------------------------------------------


@blueprint.get("/invitations")
@requires(Permission.ADMINISTER)
def invited() -> ResponseReturnValue:
    return invitations_page(InvitationForm(tuple(OFFERED)))


def invitations_page(form: InvitationForm, error: str = "") -> str:
    return render_template(
        "accounts/administration/invitations.html",
        rows=network_invitations(db.session()),
        form=form,
        offered=OFFERED,
        territoires=territoires(),
        programmes={code: row.label for code, row in programmes().items()},
        error=error,
    )


@blueprint.post("/invitations")
@requires(Permission.ADMINISTER, keeps_input=True)
def invite() -> ResponseReturnValue:
    known = territoires()
    form = InvitationForm.read(request.form, tuple(OFFERED), known)
    if form.role is None or form.errors:
        return invitations_page(form), 422
    place = known.get(form.territoire_id or 0) if form.role in SERVING else None
    offer = invitations.Offer(form.role, None, place, form.programmes, form.departements)
    try:
        with atomic() as session:
            invitations.invite(session, current_user, form.email, offer)
    except Refused as refused:
        return invitations_page(form, refused.message), 409
    flash(f"L’invitation est partie à {form.email}.", "success")
    return redirect(url_for(".invited"), 303)


@blueprint.post("/invitations/<int:invitation_id>/<any(renvoyer, retirer):action>")
@requires(Permission.ADMINISTER)
def invitation(invitation_id: int, action: str) -> ResponseReturnValue:
    found = db.session.get(Invitation, invitation_id)
    if found is None or found.organisme_id is not None:
        abort(404)
    act = invitations.send_again if action == "renvoyer" else invitations.withdraw
    try:
        with atomic() as session:
            act(session, current_user, invitation_id)
    except Refused as refused:
        return invitations_page(InvitationForm(tuple(OFFERED)), refused.message), 409
    flash("L’invitation est repartie." if action == "renvoyer" else "L’invitation est retirée.", "success")
    return redirect(url_for(".invited"), 303)
