"""Limits on passwords, codes and requests for a link, made so that nobody can lock somebody else out.

A wrong password counts for a network address and an e-mail address together, and the delay grows. A device from which
the account has already been opened keeps a signed cookie: only its own errors make it wait. Wrong passwords from many
networks close the password of that e-mail address to unknown devices for an hour; a link by e-mail stays open. The
counts are the same whether the account exists or not.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request, session
from flask_limiter.util import get_remote_address
from flask_login import current_user
from itsdangerous import BadData, URLSafeTimedSerializer

from backoffice.core.clock import now
from backoffice.core.extensions import limiter
from backoffice.models import User

from .kept_input import typed_email

View = TypeVar("View", bound=Callable[..., Any])

WAITING = "attente"
"""Cookie key: (token of the login that waits for its code, account id)."""

WRONG_CODE = "Ce code n’est pas le bon, ou il a déjà servi. Attendez que le suivant s’affiche, puis recopiez-le."

TRAP = "site_internet"
"""Honeypot field, hidden from people: a form where it is filled was sent by a robot."""

GROWING = "5/minute;10/10 minutes;20/hour;60/day"
"""Errors of one device or network on one account: the wait grows from a minute to a day."""
MANY_NETWORKS = "60/hour"
"""Errors of all unknown devices together on one account."""

COOKIE = "appareil"
YEAR = 365 * 24 * 3600
MOST_ACCOUNTS = 8
"""Accounts remembered by a device: a moderator and the people of a shared computer."""


def init_app(app: Flask) -> None:
    app.after_request(_remember)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="appareil")


def _mark(words: str) -> str:
    """A name of an account that says nothing about it to whoever reads the cookie."""
    return hmac.new(str(current_app.secret_key).encode(), f"appareil {words}".encode(), hashlib.sha256).hexdigest()[:24]


def _device() -> tuple[str, list[str]]:
    """(its id, marks of the accounts opened there); ("", []) without a valid cookie."""
    if "device" not in g:
        try:
            told = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=YEAR)
            g.device = (str(told[0]), [str(mark) for mark in told[1]])
        except (BadData, IndexError, TypeError):
            g.device = ("", [])
    return g.device  # type: ignore[no-any-return]


def know_device(user: User) -> None:
    """Has the response say that this account was opened on this device."""
    g.opened_here = [_mark(user.email), _mark(f"compte {user.id}")]


def _remember(response: Response) -> Response:
    if marks := g.get("opened_here"):
        name, known = _device()
        kept = [*marks, *(mark for mark in known if mark not in marks)][: 2 * MOST_ACCOUNTS]
        value = _serializer().dumps((name or secrets.token_hex(8), kept))
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie(COOKIE, value, max_age=YEAR, httponly=True, samesite="Lax", secure=secure)
    return response


def _account_waiting() -> str:
    return f"compte {session[WAITING][1]}" if WAITING in session else ""


def known_device() -> bool:
    """Whether the account that is asked for has already been opened on this device."""
    return _mark(_account_waiting() or typed_email()) in _device()[1]


def _place() -> str:
    return f"appareil {_device()[0]}" if known_device() else get_remote_address()


def _email() -> str:
    return _mark(typed_email())


def place_and_email() -> str:
    return f"{_place()} {_email()}"


def account() -> str:
    """The connected account, else the one that waits for its code, else the network address."""
    if current_user.is_authenticated:
        return f"compte {current_user.id}"
    return _account_waiting() or get_remote_address()


def _place_and_account() -> str:
    return f"{_place()} {account()}"


def _refused(response: Response) -> bool:
    return response.status_code in (401, 422)


def _together(*limits: Callable[[Any], Any]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        for limit in limits:
            view = limit(view)
        return view

    return decorate


login_tries = _together(
    limiter.limit(GROWING, key_func=place_and_email, deduct_when=_refused),
    limiter.limit(MANY_NETWORKS, key_func=_email, deduct_when=_refused, exempt_when=known_device),
    limiter.limit("100/minute;600/hour", deduct_when=_refused, exempt_when=known_device),
)
login_code_tries = _together(
    limiter.limit(GROWING, key_func=_place_and_account, deduct_when=_refused),
    limiter.limit(MANY_NETWORKS, key_func=account, deduct_when=_refused, exempt_when=known_device),
)
link_requests = _together(
    limiter.shared_limit("3/minute;8/hour;20/day", scope="lien", key_func=place_and_email),
    limiter.shared_limit("60/minute;300/hour", scope="lien", key_func=get_remote_address, exempt_when=known_device),
)
code_tries = limiter.shared_limit("8/minute;40/hour", scope="code", key_func=account)
password_tries = limiter.shared_limit("8/minute;40/hour", scope="mot de passe", key_func=account)


def wait() -> str:
    """How long the limit that was just reached asks to wait, in French."""
    reached = limiter.current_limit
    seconds = max(1, reached.reset_at - int(now().timestamp())) if reached else 60
    minutes = max(1, math.ceil((seconds - 5) / 60))
    if minutes > 60:
        return f"{math.ceil(minutes / 60)} heures"
    return f"{minutes} minutes" if minutes > 1 else "une minute"
