"""Logging in and out; choosing the structure that the person acts for."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.core.passwords import LONGEST, verify
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import LoginWay, User
from backoffice.web.attempts import WAITING, WRONG_CODE, login_code_tries, login_tries
from backoffice.web.guard import requires
from backoffice.web.kept_input import code_page, login_page, typed_email
from backoffice.web.login import come_in, here, may_enter
from backoffice.web.scope import acting_organisme
from backoffice.web.security import id_of, safe_next
from workflows.accounts import logins, second_factor

blueprint = Blueprint("login", __name__)

WRONG = "L’adresse e-mail ou le mot de passe n’est pas le bon. Vérifiez-les, puis essayez de nouveau."
TOO_LATE = "Le code n’a pas été donné à temps. Écrivez de nouveau votre adresse e-mail et votre mot de passe."


@blueprint.get("/connexion")
@requires(Permission.PUBLIC)
def login_form() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")), 303)
    return login_page(next_=safe_next(request.args.get("next")))


@blueprint.post("/connexion")
@login_tries
@requires(Permission.PUBLIC)
def log_in() -> ResponseReturnValue:
    email, password = typed_email(), request.form.get("mot_de_passe", "")
    target, kept = safe_next(request.form.get("next")), request.form.get("saisie", "")
    user = db.session.scalars(select(User).where(User.email == email)).first() if "\x00" not in email else None
    right = verify(user.password_hash if user else None, password[:LONGEST])
    if user is None or not right or not may_enter(user):
        with atomic() as base:
            logins.refuse(base, user, LoginWay.MOT_DE_PASSE, here())
        return login_page(target, email, WRONG, kept), 401
    return come_in(user, LoginWay.MOT_DE_PASSE, target, kept)


@blueprint.post("/connexion/code")
@login_code_tries
@requires(Permission.PUBLIC)
def check_code() -> ResponseReturnValue:
    """Checks the second factor, after a correct password or a magic link."""
    target, kept = safe_next(request.form.get("next")), request.form.get("saisie", "")
    with atomic() as base:
        waiting = logins.find(base, session.get(WAITING, ("",))[0], awaits_code=True)
        if waiting is None or not may_enter(waiting.user):
            return login_page(target, "", TOO_LATE, kept), 401
        spare = request.form.get("secours", "")
        way = second_factor.accept(base, waiting.user, request.form.get("code", ""), spare)
        if way is None:
            logins.refuse(base, waiting.user, LoginWay.SECOURS if spare else LoginWay.CODE, here())
    if way is None:
        return code_page(target, kept, WRONG_CODE), 401
    return come_in(waiting.user, way, target, kept)


@blueprint.post("/deconnexion")
@requires(Permission.CONNECTED, before_second_factor=True)
def log_out() -> ResponseReturnValue:
    with atomic() as base:
        logins.close(base, current_user.login_token)
    session.clear()
    flash("Vous êtes déconnecté.", "success")
    return redirect(url_for("login.login_form"), 303)


@blueprint.post("/structure-active")
@requires(Permission.WRITE_FICHE)
def choose_structure() -> ResponseReturnValue:
    chosen = request.form.get("organisme", type=id_of)
    if chosen not in current_user.organisme_ids:
        abort(404)
    session["organisme_id"] = chosen
    organisme = acting_organisme()
    assert organisme is not None
    flash(f"Vous agissez maintenant pour « {organisme.nom} ».", "success")
    return redirect(url_for("fiches.index"), 303)
