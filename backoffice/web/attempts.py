"""Rate limits per account on passwords and codes, so that a known password does not allow guessing the code."""

from __future__ import annotations

from flask import session
from flask_limiter.util import get_remote_address
from flask_login import current_user

from backoffice.core.extensions import limiter

WAITING = "attente"
"""Cookie key: (token of the login that waits for its code, account id)."""

WRONG_CODE = "Ce code n’est pas le bon, ou il a déjà servi. Attendez que le suivant s’affiche, puis recopiez-le."

TRAP = "site_internet"
"""Honeypot field, hidden from people: a form where it is filled was sent by a robot."""


def account() -> str:
    """Rate-limit key: the connected account, else the one waiting for its code, else the network address."""
    if current_user.is_authenticated:
        return f"compte {current_user.id}"
    return f"compte {session[WAITING][1]}" if WAITING in session else get_remote_address()


code_tries = limiter.shared_limit("8/minute;40/hour", scope="code", key_func=account)
password_tries = limiter.shared_limit("8/minute;40/hour", scope="mot de passe", key_func=account)
