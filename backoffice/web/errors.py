"""Error pages: each says what happened, what was kept and what to do next."""

from __future__ import annotations

import sys

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from backoffice.core.extensions import db
from backoffice.core.logs import request_id
from backoffice.core.outages import is_lost_connection, is_outage, wrote
from backoffice.core.uploads import FULL, NO_SPACE

from . import problems
from .attempts import wait
from .guard import largest_upload, page_of_large_file
from .kept_input import code_page, keeps_input, login_page, pairs_of, typed, typed_email
from .security import safe_next

WORDS = {
    400: ("Cette demande n’a pas été comprise", "Revenez à la page précédente et essayez de nouveau."),
    403: (
        "Cette page n’est pas ouverte à votre compte",
        "Si vous pensez qu’elle devrait l’être, écrivez à votre Carif-Oref.",
    ),
    404: (
        "Cette page n’existe pas",
        "L’adresse est peut-être incomplète, ou la fiche n’est pas à vous.",
    ),
    405: ("Cette page ne s’ouvre pas ainsi", "Revenez à l’accueil et suivez les liens."),
    413: (
        "Votre envoi est trop gros",
        "Rien n’a été changé. Revenez à la page précédente : votre texte y est encore. Raccourcissez-le.",
    ),
    429: (
        "Trop d’essais en peu de temps",
        "Par sécurité, attendez une minute, puis essayez de nouveau.",
    ),
    507: ("La place manque sur le serveur", "Rien n’a été changé. Réessayez plus tard, sans refermer votre page."),
    500: (
        "Une erreur s’est produite chez nous",
        "Ce que vous aviez enregistré est gardé. Revenez à la page précédente et essayez de nouveau.",
    ),
    503: (
        "Relais ne peut pas répondre pour le moment",
        "Ce que vous aviez enregistré est gardé. Attendez une minute, revenez à la page précédente, où votre texte est "
        "encore, et essayez de nouveau.",
    ),
}

WAIT = 60
"""Seconds after which to try again, in Retry-After."""


def init_app(app: Flask) -> None:
    app.register_error_handler(CSRFError, _stale_page)
    app.register_error_handler(HTTPException, _error)
    app.register_error_handler(DBAPIError, _outage)
    app.register_error_handler(PoolTimeout, _outage)


def error_page(code: int) -> tuple[str, int]:
    """The page of a refusal. That of a failure (5xx) reads neither the session nor the database, which may be its
    cause: it is rendered without the context processors of the other pages."""
    title, advice = WORDS.get(code, WORDS[400 if code < 500 else 500])
    if code < 500:
        return render_template("error.html", title=title, advice=advice), code
    page = current_app.jinja_env.get_template("failure.html")
    return page.render(title=title, advice=advice, number=request_id.get()), code


def _outage(error: DBAPIError | PoolTimeout) -> ResponseReturnValue:
    """Answers 503 when the database is stopped, full or busy; any other error of the database stays a 500.

    When the connection died before anything was written, the request is served once more on a new connection.
    """
    if not is_outage(error):
        raise error
    if is_lost_connection(error) and not wrote.get() and not g.get("served_again"):
        g.served_again = True
        return _serve_again()
    current_app.log_exception(sys.exc_info())
    return _error(ServiceUnavailable())


def _serve_again() -> ResponseReturnValue:
    db.session.remove()
    g.pop("_login_user", None)
    try:
        answer = current_app.preprocess_request()
        return current_app.dispatch_request() if answer is None else answer
    except HTTPException as error:
        return _error(error)
    except (DBAPIError, PoolTimeout) as error:
        return _outage(error)


def _error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()  # a redirection is not an error
    if is_outage(getattr(error, "original_exception", None)):  # the page of another error could not be made
        error = ServiceUnavailable()
    if request.path.startswith(problems.PREFIX):
        return problems.problem(error)
    if error.code == 429:
        return _too_many(), 429
    if error.code == 413 or _is_full(error):
        return _no_upload(413 if error.code == 413 else 507)
    if error.code == 503:
        return *error_page(503), {"Retry-After": str(WAIT)}
    return error_page(error.code or 500)


def _no_upload(code: int) -> ResponseReturnValue:
    # The body was not read, and reading it again would fail again: pages see an empty form.
    request.__dict__.update(form=ImmutableMultiDict(), files=ImmutableMultiDict())
    largest = largest_upload()
    if not largest:
        return error_page(code)
    words = f"Ce fichier dépasse {largest // 1_000_000} Mo. Coupez-le en plusieurs, ou compressez-le en gzip."
    return page_of_large_file(FULL if code == 507 else words), code


def _is_full(error: HTTPException) -> bool:
    """Whether the disk had no room, for instance for the temporary file of an upload."""
    cause = getattr(error, "original_exception", None)
    return isinstance(cause, OSError) and cause.errno in NO_SPACE


def _too_many() -> str:
    """Says how long to wait and, at the login, the way that stays open; keeps what was typed."""
    title, advice = WORDS[429][0], f"Par sécurité, attendez {wait()}, puis essayez de nouveau."
    if request.endpoint == "login.log_in":
        return _login_again(f"{title}. {advice} Pour entrer sans attendre, recevez un lien par e-mail.")
    if request.endpoint == "login.check_code":
        target, kept = safe_next(request.form.get("next")), request.form.get("saisie", "")
        return code_page(target, kept, f"{title}. {advice}")
    return render_template("error.html", title=title, advice=advice)


def _login_again(message: str) -> str:
    """The login page with what was sent, except the password; input kept from an expired session is carried along."""
    return login_page(safe_next(request.form.get("next")), typed_email(), message, request.form.get("saisie", ""))


def _stale_page(error: CSRFError) -> ResponseReturnValue:
    """Answers a CSRF failure, usually a page opened under another login: nothing is done.

    What was typed is shown again, on the login pages and for views marked keeps_input.
    """
    if request.endpoint in ("login.log_in", "login.check_code"):
        message = "Cette page était ouverte depuis trop longtemps. Écrivez de nouveau votre mot de passe."
        return _login_again(message), 400
    if current_user.is_authenticated and keeps_input():
        return render_template("accounts/kept_input.html", target=request.path, pairs=pairs_of(typed())), 400
    return error_page(400)
