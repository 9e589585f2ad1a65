"""Checking an uploaded LHEO file (workflows.flux.file_checks), and the reference of LHEO elements."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from flask import Blueprint, abort, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from markupsafe import Markup

from backoffice.core.extensions import limiter
from backoffice.core.permissions import Permission
from backoffice.core.uploads import UploadRefused
from backoffice.web.guard import requires
from exports.lheo.grammar import ELEMENTS, Child
from exports.lheo.report import EXAMPLES
from workflows.flux import file_checks

blueprint = Blueprint("file_checks", __name__, url_prefix="/lheo")

LARGEST_UPLOAD = 200_000_000


def form_page(error: str = "") -> str:
    return render_template("flux/file_checks/form.html", error=error, largest=LARGEST_UPLOAD // 1_000_000)


@blueprint.get("/verifier")
@requires(Permission.CONNECTED)
def file_page() -> ResponseReturnValue:
    return form_page()


@blueprint.post("/verifier")
@requires(Permission.CONNECTED, largest_upload=LARGEST_UPLOAD, too_large=form_page)
@limiter.limit("20 per minute")
def check_action() -> ResponseReturnValue:
    sent = request.files.get("fichier")
    if sent is None or not sent.filename:
        return form_page("Choisissez d’abord un fichier sur votre appareil."), 422
    try:
        file_checks.ask(_account(), sent.stream, Path(sent.filename.replace("\\", "/")).name[:120])
    except UploadRefused as refused:
        return form_page(refused.message), refused.status
    return redirect(url_for("file_checks.result"), 303)


@blueprint.get("/verifier/resultat")
@requires(Permission.CONNECTED)
def result() -> ResponseReturnValue:
    """The last report, or the progress of the check under way."""
    if check := file_checks.waiting(_account()):
        return render_template("flux/file_checks/progress.html", check=check)
    file = file_checks.report_of(_account())
    if not file.exists():
        return redirect(url_for("file_checks.file_page"), 303)
    return render_template("flux/file_checks/result.html", report=json.loads(file.read_text()), shown=EXAMPLES)


@blueprint.post("/verifier/relancer")
@requires(Permission.CONNECTED)
@limiter.limit("20 per minute")
def remind() -> ResponseReturnValue:
    file_checks.ask_again(_account())
    return redirect(url_for("file_checks.result"), 303)


@blueprint.get("/verifier/rapport.json")
@requires(Permission.CONNECTED)
def report() -> ResponseReturnValue:
    file = file_checks.report_of(_account())
    if not file.exists():
        abort(404)
    return send_file(file, mimetype="application/json", as_attachment=True, download_name="rapport-lheo.json")


@blueprint.get("/reference")
@requires(Permission.PUBLIC)
def reference() -> ResponseReturnValue:
    return render_template("flux/file_checks/reference.html", elements=_reference())


@cache
def _reference() -> Markup:
    """Rendered once per process: the elements do not change while it runs."""
    return Markup(render_template("flux/file_checks/elements.html", elements=ELEMENTS, how_many=_how_many))  # noqa: S704 - our own template


def _how_many(child: Child) -> str:
    if child.maximum is None:
        return "au moins une fois" if child.minimum else "autant de fois que l’on veut"
    if child.minimum == child.maximum:
        return "une fois" if child.minimum == 1 else f"{child.minimum} fois"
    if not child.minimum:
        return "facultatif" if child.maximum == 1 else f"{child.maximum} fois au plus"
    return f"de {child.minimum} à {child.maximum} fois"


def _account() -> str:
    """Name of the person's files."""
    # An id may be reused after an account is deleted; the salt of its password is not.
    account = hashlib.sha256(f"{current_user.id} {current_user.password_hash}".encode()).hexdigest()
    return f"{current_user.id}-{account[:16]}"
