"""The login of Flask-Login over our own table of connections: loading the person, opening a connection."""

from __future__ import annotations

from flask import Flask, current_app, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user

from backoffice.core.extensions import db, login, read_only
from backoffice.core.transactions import atomic
from backoffice.models import LoginWay, User
from workflows.accounts import logins

from .attempts import WAITING
from .devices import device_of, network_of
from .kept_input import code_page, pairs_of


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
