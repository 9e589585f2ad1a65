"""How many times one may try what is secret, account by account: whoever holds a password is not let guess the rest."""

from __future__ import annotations

from flask import session
from flask_limiter.util import get_remote_address
from flask_login import current_user

from backoffice.core.extensions import limiter

WAITING = "attente"
"""In the cookie: the token of a connection that awaits its code, and the account's number."""

WRONG_CODE = "Ce code n’est pas le bon, ou il a déjà servi. Attendez que le suivant s’affiche, puis recopiez-le."

TRAP = "site_internet"
"""A field that people do not see: a form in which it is filled was sent by a robot."""


def account() -> str:
    """The account in question: that of the connection, or the one whose password was just right."""
    if current_user.is_authenticated:
        return f"compte {current_user.id}"
    return f"compte {session[WAITING][1]}" if WAITING in session else get_remote_address()


code_tries = limiter.shared_limit("8/minute;40/hour", scope="code", key_func=account)
password_tries = limiter.shared_limit("8/minute;40/hour", scope="mot de passe", key_func=account)
