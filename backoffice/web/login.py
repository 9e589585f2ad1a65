"""Flask-Login on our table of logins: loading the account, opening a login."""

from __future__ import annotations

from flask import Flask, current_app, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user

from backoffice.core.extensions import db, login, read_only
from backoffice.core.transactions import atomic
from backoffice.models import LoginWay, User
from workflows.accounts import logins

from . import attempts
from .attempts import WAITING, know_device
from .devices import device_of, network_of
from .kept_input import code_page, pairs_of


def init_app(app: Flask) -> None:
    login.init_app(app)
    login.session_protection = None  # network addresses change on a phone; the token in the database is the proof
    login.user_loader(_load)
    app.teardown_request(_note_seen)
    attempts.init_app(app)


def _load(token: str) -> User | None:
    """The account of an open login; None when it has expired or the account may not connect any more."""
    found = logins.find(db.session(), token)
    if found is None or not may_enter(found.user):
        return None
    if not logins.seen_lately(found):
        g.seen = token
    found.user.login_token = token
    g.account = found.user.id
    return found.user


def _note_seen(_error: BaseException | None) -> None:
    """Records the last use after the response, in its own transaction: the page itself takes no write lock."""
    if token := g.pop("seen", None):
        db.session.rollback()
        read_only.set(False)
        logins.note_seen(db.engine, token)


def may_enter(user: User) -> bool:
    return user.active and (not user.demonstration or bool(current_app.config["RELAIS_DEMO"]))


def here() -> logins.Place:
    """Device and network of the request."""
    return logins.Place(device_of(request.user_agent.string), network_of(request.remote_addr))


def renew() -> None:
    """Replaces the token of the present connection; the former one is revoked."""
    user = current_user._get_current_object()
    with atomic() as base:
        token = logins.renew(base, user.login_token)
    user.login_token = token
    login_user(user)


def come_in(user: User, way: LoginWay, target: str, kept: str = "") -> ResponseReturnValue:
    """Opens a login with a new token and redirects to `target`, or shows the page that asks for the second factor.

    The previous token of the cookie is revoked. kept: input of an expired session, offered again on a page.
    """
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
    know_device(user)
    g.account = user.id
    if pairs := pairs_of(kept):
        return render_template("accounts/kept_input.html", target=target, pairs=pairs)
    return redirect(target, 303)
