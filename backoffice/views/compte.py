"""Logging in and out, the structure one acts for, and what was typed before an expired session."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Flask, abort, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user
from sqlalchemy import delete, or_, select

from backoffice.extensions import db, limiter, login
from backoffice.models import Login, Organisme, User
from backoffice.models.base import now
from backoffice.passwords import LONGEST, new_token, token_hash, verify
from backoffice.permissions import Permission
from backoffice.security import safe_next
from backoffice.transactions import atomic

from .guard import requires
from .reprise import login_page, pairs_of, typed_email

blueprint = Blueprint("compte", __name__)

LIFETIME = timedelta(hours=12)
WRONG = "L’adresse e-mail ou le mot de passe n’est pas le bon. Vérifiez-les, puis essayez de nouveau."


def init_app(app: Flask) -> None:
    login.init_app(app)
    login.session_protection = None  # addresses change on a phone: the token in the base is the proof
    login.user_loader(_load)


def _load(token: str) -> User | None:
    """The person of an open connection, while it has not expired and the account is still good."""
    found = db.session.scalars(
        select(User)
        .join(Login, Login.user_id == User.id)
        .where(Login.token_hash == token_hash(token), Login.expires_at > now())
    ).first()
    if found is None or not may_enter(found):
        return None
    found.login_token = token
    return found


def may_enter(user: User) -> bool:
    return user.active and (not user.demonstration or bool(current_app.config["RELAIS_DEMO"]))


@blueprint.get("/connexion")
@requires(Permission.PUBLIC)
def connexion() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")), 303)
    return login_page(next_=safe_next(request.args.get("next")))


@blueprint.post("/connexion")
@limiter.limit("30/minute;200/hour")
@limiter.limit("8/minute;40/hour", key_func=typed_email)
@requires(Permission.PUBLIC)
def connecter() -> ResponseReturnValue:
    email, password = typed_email(), request.form.get("mot_de_passe", "")
    target, kept = safe_next(request.form.get("next")), request.form.get("saisie", "")
    user = db.session.scalars(select(User).where(User.email == email)).first() if "\x00" not in email else None
    right = verify(user.password_hash if user else None, password[:LONGEST])
    if user is None or not right or not may_enter(user):
        return login_page(target, email, WRONG, kept), 401
    open_login(user)
    if pairs := pairs_of(kept):
        return render_template("compte/reprise.html", target=target, pairs=pairs)
    return redirect(target, 303)


def open_login(user: User) -> None:
    """Opens a connection under a fresh token: whatever the cookie carried before is worth nothing now."""
    replaced = current_user.login_token if current_user.is_authenticated else ""
    user.login_token = new_token()
    with atomic() as base:
        base.execute(delete(Login).where(or_(Login.expires_at <= now(), Login.token_hash == token_hash(replaced))))
        base.add(Login(token_hash=token_hash(user.login_token), user_id=user.id, expires_at=now() + LIFETIME))
        user.seen_at = now()
    session.clear()
    session.permanent = True
    login_user(user)


@blueprint.post("/deconnexion")
@requires(Permission.CONNECTED)
def deconnexion() -> ResponseReturnValue:
    with atomic() as base:
        base.execute(delete(Login).where(Login.token_hash == token_hash(current_user.login_token)))
    session.clear()
    flash("Vous êtes déconnecté.", "success")
    return redirect(url_for("compte.connexion"), 303)


@blueprint.post("/structure-active")
@requires(Permission.WRITE_FICHE)
def choisir_structure() -> ResponseReturnValue:
    chosen = request.form.get("organisme", type=int)
    if chosen not in current_user.organisme_ids:
        abort(404)
    session["organisme_id"] = chosen
    organisme = acting_organisme()
    assert organisme is not None
    flash(f"Vous agissez maintenant pour « {organisme.nom} ».", "success")
    return redirect(url_for("fiches.liste"), 303)


def acting_organisme() -> Organisme | None:
    """The structure that the person acts for; the first of theirs until they choose."""
    if not current_user.is_authenticated or not current_user.memberships:
        return None
    own = {membership.organisme_id: membership.organisme for membership in current_user.memberships}
    return own.get(session.get("organisme_id"), next(iter(own.values())))
