"""Error pages: each says what happened, what was kept and what to do next."""

from __future__ import annotations

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from backoffice.core.logs import request_id

from . import problems
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
    500: (
        "Une erreur s’est produite chez nous",
        "Ce que vous aviez enregistré est gardé. Revenez à la page précédente et essayez de nouveau.",
    ),
}


def init_app(app: Flask) -> None:
    app.register_error_handler(CSRFError, _stale_page)
    app.register_error_handler(HTTPException, _error)


def error_page(code: int) -> tuple[str, int]:
    title, advice = WORDS.get(code, WORDS[400 if code < 500 else 500])
    number = request_id.get() if code >= 500 else ""
    return render_template("error.html", title=title, advice=advice, code=code, number=number), code


def _error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()  # a redirection is not an error
    if request.path.startswith(problems.PREFIX):
        return problems.problem(error)
    if error.code == 429 and request.endpoint == "login.log_in":
        return _login_again(". ".join(WORDS[429])), 429
    if error.code == 429 and request.endpoint == "login.check_code":
        return code_page(
            safe_next(request.form.get("next")), request.form.get("saisie", ""), ". ".join(WORDS[429])
        ), 429
    if error.code == 413 and (largest := largest_upload()):
        words = f"Ce fichier dépasse {largest // 1_000_000} Mo. Compressez-le en gzip, ou coupez-le."
        return page_of_large_file(words) or error_page(413)[0], 413
    return error_page(error.code)


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
