"""The members of a structure: list, roles, removal, invitations, join requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import Invitation, JoinRequest, Membership, Organisme
from backoffice.queries.structures import members as queries
from backoffice.web.guard import requires
from backoffice.web.scope import acting_organisme
from forms.accounts.people import InvitationForm
from workflows.accounts import deactivation, invitations, joining
from workflows.case import Refused
from workflows.structures import members

blueprint = Blueprint("members", __name__, url_prefix="/structures")

ROLES = {
    Role.SAISIE: "Saisir les fiches",
    Role.RESPONSABLE: "Saisir les fiches, inviter et retirer des personnes",
}


def managed(organisme_id: int) -> Organisme:
    """The structure, when the person may manage its members; else 404."""
    return queries.managed_structure(db.session(), current_user, organisme_id) or abort(404)


def member(organisme: Organisme, user_id: int) -> Membership:
    return next((row for row in queries.members(db.session(), organisme) if row.user_id == user_id), None) or abort(404)


@blueprint.get("/membres")
@requires(Permission.MANAGE_MEMBERS)
def own() -> ResponseReturnValue:
    """Redirects to the members of the structure that the person acts for."""
    organisme = acting_organisme() or abort(404)
    return redirect(url_for(".index", organisme_id=organisme.id), 303)


@blueprint.get("/<int:organisme_id>/membres")
@requires(Permission.MANAGE_MEMBERS)
def index(organisme_id: int) -> ResponseReturnValue:
    typed = {"courriel": clean(request.args.get("courriel", ""))[:160]}
    return people_page(managed(organisme_id), typed)


def people_page(
    organisme: Organisme, typed: Mapping[str, str], errors: Mapping[str, str] = MappingProxyType({}), error: str = ""
) -> str:
    """typed, errors: of the invitation form, by field; error: why the action was refused."""
    session = db.session()
    rows = queries.members(session, organisme)
    return render_template(
        "structures/members.html",
        organisme=organisme,
        rows=rows,
        seen=queries.last_connections(session, [row.user_id for row in rows]),
        invitations=queries.open_invitations(session, organisme),
        demandes=queries.waiting_requests(session, organisme),
        decidable=lambda row: queries.may_decide(session, current_user, row),
        closable=lambda user: deactivation.may_close(current_user, user),
        roles=ROLES,
        typed=typed,
        errors=errors,
        error=error,
    )


def done(organisme: Organisme, act: Callable[[Session], object], words: str) -> ResponseReturnValue:
    """Runs `act` in a transaction, then redirects with the message `words`; 409 and the page when it is refused."""
    try:
        with atomic() as session:
            act(session)
    except Refused as refused:
        return people_page(organisme, {}, error=refused.message), 409
    flash(words, "success")
    back = "members.index" if queries.manages(current_user, organisme) else "joining.home"
    return redirect(url_for(back, organisme_id=organisme.id if back == "members.index" else None), 303)


@blueprint.post("/<int:organisme_id>/membres/<int:user_id>/role")
@requires(Permission.MANAGE_MEMBERS)
def change_role(organisme_id: int, user_id: int) -> ResponseReturnValue:
    organisme = managed(organisme_id)
    row, role = member(organisme, user_id), request.form.get("role", "")
    if role not in set(ROLES):
        return people_page(organisme, {}, error="Choisissez un rôle dans la liste."), 422
    return done(
        organisme,
        lambda session: members.change_role(session, current_user, organisme.id, row.user_id, Role(role)),
        f"{row.user.name} a maintenant le rôle « {Role(role).label} ».",
    )


@blueprint.post("/<int:organisme_id>/membres/<int:user_id>/retirer")
@requires(Permission.MANAGE_MEMBERS)
def remove(organisme_id: int, user_id: int) -> ResponseReturnValue:
    organisme = managed(organisme_id)
    row = member(organisme, user_id)
    return done(
        organisme,
        lambda session: members.remove(session, current_user, organisme.id, row.user_id),
        f"{row.user.name} ne fait plus partie de la structure.",
    )


@blueprint.post("/<int:organisme_id>/membres/<int:user_id>/<any(desactiver, rouvrir):action>")
@requires(Permission.MODERATE)
def account(organisme_id: int, user_id: int, action: str) -> ResponseReturnValue:
    """A moderator closes or reopens the account of a person who has no other role than member of structures."""
    organisme = managed(organisme_id)
    row = member(organisme, user_id)
    if not deactivation.may_close(current_user, row.user):
        abort(404)
    act = deactivation.deactivate if action == "desactiver" else deactivation.reactivate
    words = "est désactivé" if action == "desactiver" else "est ouvert de nouveau"
    return done(
        organisme,
        lambda session: act(session, current_user, row.user_id),
        f"Le compte de {row.user.name} {words}.",
    )


# --- Invitations ------------------------------------------------------------------------------------


@blueprint.post("/<int:organisme_id>/invitations")
@requires(Permission.MANAGE_MEMBERS, keeps_input=True)
def invite(organisme_id: int) -> ResponseReturnValue:
    organisme = managed(organisme_id)
    form = InvitationForm.read(request.form, tuple(ROLES))
    if form.role is None or form.errors:
        return people_page(organisme, form.typed, form.errors), 422
    try:
        with atomic() as session:
            offer = invitations.Offer(form.role, organisme)
            invitations.invite(session, current_user, form.email, offer)
    except Refused as refused:
        return people_page(organisme, form.typed, {"courriel": refused.message}), 409
    flash(f"L’invitation est partie à {form.email}.", "success")
    return redirect(url_for(".index", organisme_id=organisme_id), 303)


@blueprint.post("/<int:organisme_id>/invitations/<int:invitation_id>/<any(renvoyer, retirer):action>")
@requires(Permission.MANAGE_MEMBERS)
def invitation(organisme_id: int, invitation_id: int, action: str) -> ResponseReturnValue:
    organisme = managed(organisme_id)
    found = db.session.get(Invitation, invitation_id)
    if found is None or found.organisme_id != organisme.id:
        abort(404)
    act = invitations.send_again if action == "renvoyer" else invitations.withdraw
    words = "L’invitation est repartie." if action == "renvoyer" else "L’invitation est retirée."
    return done(organisme, lambda session: act(session, current_user, invitation_id), words)


@blueprint.post("/<int:organisme_id>/demandes/<int:request_id>")
@requires(Permission.MANAGE_MEMBERS)
def decide(organisme_id: int, request_id: int) -> ResponseReturnValue:
    """The field «reponse» is the role to give, or «refuser»."""
    organisme = managed(organisme_id)
    found, said = db.session.get(JoinRequest, request_id), request.form.get("reponse", "")
    if found is None or found.organisme_id != organisme.id:
        abort(404)
    if said not in {*ROLES, "refuser"}:
        return people_page(organisme, {}, error="Choisissez une réponse."), 422
    role = None if said == "refuser" else Role(said)
    name = found.user.name
    return done(
        organisme,
        lambda session: joining.decide(session, current_user, request_id, role),
        f"La demande de {name} est {'refusée' if role is None else 'acceptée'}.",
    )
