"""Checking an LHEO file, and the reference of the language.

The last report of each account is kept in the instance folder, one small file that the next check
replaces: the result can be read again, and downloaded, without sending the file twice.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, abort, current_app, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from markupsafe import Markup

from backoffice.extensions import limiter
from backoffice.permissions import Permission
from exports.lheo.checker import check_file
from exports.lheo.grammar import ELEMENTS, Child
from exports.lheo.reader import Limits

from .guard import requires

blueprint = Blueprint("lheo", __name__, url_prefix="/lheo")

LARGEST_UPLOAD = 200_000_000
LIMITS = Limits(size=400_000_000)
"""An upload is checked while its sender waits: less may come out of a gzip file than by the command."""


def init_app(app: Flask) -> None:
    """To be called once the guard is in place and before CSRF looks into the form."""
    app.before_request(_allow_large_upload)
    app.teardown_request(_forget_upload)
    app.register_blueprint(blueprint)


def _allow_large_upload() -> None:
    """Only for who has passed the guard; the file goes to a temporary file as it comes in."""
    if request.endpoint == "lheo.verifier":
        request.max_content_length = LARGEST_UPLOAD + 100_000


def _forget_upload(_error: BaseException | None) -> None:
    """A large file is a temporary one: it goes away now, not when memory is next tidied."""
    if request.endpoint == "lheo.verifier":
        request.close()


@blueprint.get("/verifier")
@requires(Permission.CONNECTED)
def fichier() -> ResponseReturnValue:
    return form_page()


@blueprint.post("/verifier")
@requires(Permission.CONNECTED)
@limiter.limit("20 per minute")
def verifier() -> ResponseReturnValue:
    sent = request.files.get("fichier")
    if sent is None or not sent.filename:
        return form_page("Choisissez d’abord un fichier sur votre appareil."), 422
    report = check_file(sent.stream, name=Path(sent.filename.replace("\\", "/")).name[:120], limits=LIMITS)  # type: ignore[arg-type]
    _keep(report.as_json())
    return redirect(url_for("lheo.resultat"), 303)


@blueprint.get("/verifier/resultat")
@requires(Permission.CONNECTED)
def resultat() -> ResponseReturnValue:
    file = _kept()
    if not file.exists():
        return redirect(url_for("lheo.fichier"), 303)
    return render_template("lheo/resultat.html", report=json.loads(file.read_text()))


@blueprint.get("/verifier/rapport.json")
@requires(Permission.CONNECTED)
def rapport() -> ResponseReturnValue:
    file = _kept()
    if not file.exists():
        abort(404)
    return send_file(file, mimetype="application/json", as_attachment=True, download_name="rapport-lheo.json")


@blueprint.get("/reference")
@requires(Permission.PUBLIC)
def reference() -> ResponseReturnValue:
    return render_template("lheo/reference.html", elements=_reference())


def form_page(error: str = "") -> str:
    return render_template("lheo/fichier.html", error=error, largest=LARGEST_UPLOAD // 1_000_000)


@cache
def _reference() -> Markup:
    """The elements never change while the process lives: they are written once."""
    return Markup(render_template("lheo/elements.html", elements=ELEMENTS, how_many=_how_many))  # noqa: S704 - our own template


def _how_many(child: Child) -> str:
    if child.maximum is None:
        return "au moins une fois" if child.minimum else "autant de fois que l’on veut"
    if child.minimum == child.maximum:
        return "une fois" if child.minimum == 1 else f"{child.minimum} fois"
    if not child.minimum:
        return "facultatif" if child.maximum == 1 else f"{child.maximum} fois au plus"
    return f"de {child.minimum} à {child.maximum} fois"


def _kept() -> Path:
    # a number may be given again after an account is deleted; not its password's salt
    account = hashlib.sha256(f"{current_user.id} {current_user.password_hash}".encode()).hexdigest()
    return Path(current_app.instance_path) / "verifications" / f"{current_user.id}-{account[:16]}.json"


def _keep(report: dict[str, Any]) -> None:
    file = _kept()
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".tmp")
    draft.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    for former in file.parent.glob(f"{current_user.id}-*.json"):
        former.unlink(missing_ok=True)
    draft.replace(file)
