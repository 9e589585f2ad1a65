"""Logging in and out, the structure one acts for, and what was typed before an expired session."""

from __future__ import annotations

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user
from sqlalchemy import select

from backoffice.core.extensions import db, limiter, login, read_only
from backoffice.core.passwords import LONGEST, verify
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import LoginWay, Organisme, User
from backoffice.queries.structures.scope import survivor
from backoffice.web.attempts import WAITING, code_tries
from backoffice.web.devices import device_of, network_of
from backoffice.web.guard import requires
from backoffice.web.kept_input import code_page, login_page, pairs_of, typed_email
from backoffice.web.security import safe_next
from workflows.accounts import logins, second_factor

blueprint = Blueprint("login", __name__)

WRONG = "L’adresse e-mail ou le mot de passe n’est pas le bon. Vérifiez-les, puis essayez de nouveau."
WRONG_CODE = "Ce code n’est pas le bon, ou il a déjà servi. Attendez que le suivant s’affiche, puis recopiez-le."
TOO_LATE = "Le code n’a pas été donné à temps. Écrivez de nouveau votre adresse e-mail et votre mot de passe."


def init_app(app: Flask) -> None:
    login.init_app(app)
    login.session_protection = None  # addresses change on a phone: the token in the base is the proof
    login.user_loader(_load)
    app.teardown_request(_note_seen)


def _load(token: str) -> User | None:
    """The person of an open connection, while it has not expired and the account is still good."""
    found = logins.find(db.session(), token)
    if found is None or not may_enter(found.user):
        return None
    if not logins.seen_lately(found):
        g.seen = token
    found.user.login_token = token
    return found.user


def _note_seen(_error: BaseException | None) -> None:
    """After the answer, in a transaction of its own: a page that is only read keeps nobody from writing."""
    if token := g.pop("seen", None):
        db.session.rollback()
        read_only.set(False)
        logins.note_seen(db.engine, token)


def may_enter(user: User) -> bool:
    return user.active and (not user.demonstration or bool(current_app.config["RELAIS_DEMO"]))


def here() -> logins.Place:
    """Where the request comes from."""
    return logins.Place(device_of(request.user_agent.string), network_of(request.remote_addr))


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
        with atomic() as base:
            logins.refuse(base, user, LoginWay.MOT_DE_PASSE, here())
        return login_page(target, email, WRONG, kept), 401
    return come_in(user, LoginWay.MOT_DE_PASSE, target, kept)


@blueprint.post("/connexion/code")
@limiter.limit("30/minute;200/hour")
@code_tries
@requires(Permission.PUBLIC)
def verifier_code() -> ResponseReturnValue:
    """The second factor, after a right password or a link."""
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


def come_in(user: User, way: LoginWay, target: str, kept: str = "") -> ResponseReturnValue:
    """A connection under a fresh token, whatever the cookie carried before; or the page that asks for a code."""
    replaced = current_user.login_token if current_user.is_authenticated else session.get(WAITING, ("",))[0]
    with atomic() as base:
        token = logins.come_in(base, user, way, here(), replaced)
    session.clear()
    session.permanent = True
    if user.has_second_factor and way not in logins.SECOND_STEPS:
        session[WAITING] = (token, user.id)
        return code_page(target, kept)
    user.login_token = token
    login_user(user)
    if pairs := pairs_of(kept):
        return render_template("accounts/kept_input.html", target=target, pairs=pairs)
    return redirect(target, 303)


@blueprint.post("/deconnexion")
@requires(Permission.CONNECTED, before_second_factor=True)
def deconnexion() -> ResponseReturnValue:
    with atomic() as base:
        logins.close(base, current_user.login_token)
    session.clear()
    flash("Vous êtes déconnecté.", "success")
    return redirect(url_for("login.connexion"), 303)


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
    own: dict[int, Organisme] = {row.organisme_id: row.organisme for row in current_user.memberships}
    first, chosen = next(iter(own.values())), session.get("organisme_id")
    if chosen is None:
        return first
    return own.get(chosen if chosen in own else survivor(db.session(), chosen), first)
