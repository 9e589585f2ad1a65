"""Logging in without a password: magic links, and the first Fiche ASL of a person without an account.

The answer is the same for every address: it does not reveal who has an account.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.core.extensions import db, limiter
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import LoginWay, Territoire, User
from backoffice.models.values import numbers
from backoffice.models.values.faults import Fault
from backoffice.queries.territoires.communes import communes_of
from backoffice.queries.territoires.coverage import territoire_of
from backoffice.reference.towns import unknown_code
from backoffice.web.attempts import TRAP, link_requests
from backoffice.web.guard import requires
from backoffice.web.kept_input import asked_email, typed_email
from backoffice.web.login import come_in, may_enter
from backoffice.web.security import safe_next
from workflows.accounts import magic_links

blueprint = Blueprint("magic_links", __name__)

FIELDS = ("nom", "courriel", "structure", "code_postal")
NEW = "nouvelle"
"""Choice of a person whose structure is none of the known ones."""


@blueprint.get("/fiche-asl")
@requires(Permission.PUBLIC)
def begin() -> ResponseReturnValue:
    return _form()


def _form(errors: Mapping[str, str] = MappingProxyType({})) -> str:
    typed = {name: request.form.get(name, "") for name in FIELDS}
    return render_template("accounts/magic_links/begin.html", typed=typed, errors=errors, trap=TRAP)


@blueprint.post("/fiche-asl")
@link_requests
@requires(Permission.PUBLIC)
def ask() -> ResponseReturnValue:
    name, structure = (clean(request.form.get(field, "")) for field in ("nom", "structure"))
    place, strange = _territoire(clean(request.form.get("code_postal", "")))
    email, errors = "", {}
    if not name or len(name) > 100:
        errors["nom"] = "Écrivez votre prénom et votre nom (100 caractères au plus)."
    try:
        email = asked_email()
    except ValueError as error:
        errors["courriel"] = str(error)
    if not structure or len(structure) > 250:
        errors["structure"] = "Écrivez le nom de votre association ou de votre structure (250 caractères au plus)."
    if place is None:
        errors["code_postal"] = strange
    if errors or place is None:
        return _form(errors), 422
    if not request.form.get(TRAP):
        with atomic() as session:
            magic_links.ask_to_begin(session, email, name, structure, place)
    return redirect(url_for(".link_sent"), 303)


@blueprint.get("/connexion/lien")
@requires(Permission.PUBLIC)
def login_form() -> ResponseReturnValue:
    return render_template(
        "accounts/magic_links/login.html", next=safe_next(request.args.get("next")), email="", error=""
    )


@blueprint.post("/connexion/lien")
@link_requests
@requires(Permission.PUBLIC)
def ask_login_link() -> ResponseReturnValue:
    target = safe_next(request.form.get("next"))
    try:
        email = asked_email()
    except ValueError as fault:
        return render_template(
            "accounts/magic_links/login.html", next=target, email=typed_email(), error=str(fault)
        ), 422
    if not request.form.get(TRAP):
        with atomic() as session:
            magic_links.ask_to_log_in(session, email, target[:200])
    return redirect(url_for(".link_sent"), 303)


@blueprint.get("/lien-envoye")
@requires(Permission.PUBLIC)
def link_sent() -> ResponseReturnValue:
    return render_template("accounts/magic_links/sent.html")


@blueprint.get("/lien/<token>")
@requires(Permission.PUBLIC)
def link_page(token: str) -> ResponseReturnValue:
    """Shows a button; the POST logs in. Mail readers fetch the links of the messages they scan."""
    return _link_page(token)


def _link_page(token: str, error: str = "") -> ResponseReturnValue:
    session = db.session()
    link = magic_links.find(session, token)
    if link is None:
        return render_template("accounts/magic_links/link.html", state="inconnu"), 404
    page = render_template(
        "accounts/magic_links/link.html",
        state="ouvert" if link.open else "ancien",
        token=token,
        wanted=link.structure,
        known=magic_links.known_structures(session, link),
        new=NEW,
        error=error,
    )
    return (page, 422) if error else page


@blueprint.post("/lien/<token>")
@requires(Permission.PUBLIC)
def follow(token: str) -> ResponseReturnValue:
    """Logs in. When the structure to create may be known already, the person says first whether it is one of these."""
    choice = request.form.get("structure", "")
    with atomic() as session:
        found = magic_links.find(session, token)
        known = {str(row.id): row for row in magic_links.known_structures(session, found)} if found else {}
        if known and choice != NEW and choice not in known:
            return _link_page(token, "Dites si votre structure est l’une de celles-ci.")
        joined = known.get(choice)
        link = magic_links.follow(session, token, joined.id if joined else None)
        user = session.get(User, link.user_id) if link else None
        page = link.page if link else ""
    if user is None or not may_enter(user):
        return link_page(token)
    if joined is not None:
        flash(
            f"Votre demande pour rejoindre « {joined.nom} » est envoyée. La réponse vous viendra par e-mail.", "success"
        )
    return come_in(user, LoginWay.LIEN, safe_next(page))


@blueprint.post("/lien/<token>/renouveler")
@limiter.limit("20/minute;60/hour")
@requires(Permission.PUBLIC)
def renew_link(token: str) -> ResponseReturnValue:
    with atomic() as session:
        link = magic_links.find(session, token)
        if link is not None:
            magic_links.renew(session, link)
    return redirect(url_for(".link_sent"), 303) if link else link_page(token)


def _territoire(text: str) -> tuple[Territoire | None, str]:
    """(territoire of a typed postal code, why there is none, in French)."""
    try:
        code = numbers.postal_code(text)
    except Fault as fault:
        return None, str(fault)
    communes = communes_of(code)
    found = (territoire_of(db.session(), commune.code_insee, commune.departement) for commune in communes)
    territoire = next((one for one in found if one), None)
    if territoire is not None or not communes:
        return territoire, "" if communes else unknown_code(code)
    return None, (
        f"Aucun Carif-Oref ne reçoit de fiches dans Relais pour {communes[0].nom} ({code}) : la vôtre ne peut pas "
        "encore y être saisie."
    )
