"""The second factor of the person's own account: set-up, recovery codes, change of phone, removal."""

from __future__ import annotations

import io

import segno
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import User
from backoffice.web.attempts import WRONG_CODE, code_tries
from backoffice.web.guard import requires
from backoffice.web.login import renew
from backoffice.web.scope import me
from workflows.accounts import second_factor
from workflows.case import Refused

blueprint = Blueprint("second_factor", __name__, url_prefix="/compte/second-facteur")

FILE = "codes-de-secours-relais.txt"


@blueprint.get("")
@requires(Permission.CONNECTED, before_second_factor=True)
def page() -> ResponseReturnValue:
    return _page()


def _page(errors: dict[str, str] | None = None) -> str:
    user = me()
    waiting = user.second_factor.next_secret if user.second_factor else ""
    return render_template(
        "accounts/second_factor.html",
        secret=[waiting[start : start + 4] for start in range(0, len(waiting), 4)],
        since=user.second_factor.confirmed_at if user.second_factor else None,
        left=second_factor.codes_left(db.session(), user),
        all_codes=second_factor.CODES,
        errors=errors or {},
    )


@blueprint.post("/commencer")
@requires(Permission.CONNECTED, before_second_factor=True)
def begin() -> ResponseReturnValue:
    """Starts the set-up for an account without a second factor. Changing phones needs a current code: see `act`."""
    if current_user.demonstration or current_user.has_second_factor:
        return redirect(url_for(".page"), 303)
    with atomic() as session:
        second_factor.begin(session, me())
    return redirect(url_for(".page"), 303)


@blueprint.get("/dessin.svg")
@requires(Permission.CONNECTED, before_second_factor=True)
def drawing() -> ResponseReturnValue:
    """The QR code that an authenticator application scans; 404 when no set-up is in progress."""
    address = second_factor.address(me()) or abort(404)
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=5, border=4, light="#fff")
    return Response(out.getvalue(), mimetype="image/svg+xml")


@blueprint.post("/confirmer")
@code_tries
@requires(Permission.CONNECTED, before_second_factor=True)
def confirm() -> ResponseReturnValue:
    with atomic() as session:
        codes = second_factor.confirm(session, me(), request.form.get("code", ""), current_user.login_token)
    if codes is None:
        return _page({"code": WRONG_CODE}), 422
    renew()  # whoever copied the cookie of a connection without second factor must not inherit one with it
    return render_template("accounts/recovery_codes.html", codes=codes, new=True)


@blueprint.post("")
@code_tries
@requires(Permission.CONNECTED)
def act() -> ResponseReturnValue:
    """New recovery codes, change of phone or removal; each needs a current code or a recovery code."""
    action = request.form.get("action", "")
    if action not in ("codes", "changer", "retirer") or not current_user.has_second_factor:
        abort(404)
    with atomic() as session:
        user = me()
        if second_factor.accept(session, user, request.form.get("code", ""), request.form.get("secours", "")) is None:
            return _page({"present": WRONG_CODE}), 422
        try:
            return _act(action, user)
        except Refused as refused:
            flash(refused.message, "warning")
    return redirect(url_for(".page"), 303)


def _act(action: str, user: User) -> ResponseReturnValue:
    session = db.session()
    if action == "codes":
        return render_template(
            "accounts/recovery_codes.html", codes=second_factor.remake_codes(session, user), new=False
        )
    if action == "changer":
        second_factor.begin(session, user)
    else:
        second_factor.leave(session, user)
        flash("Le second facteur est retiré : votre mot de passe suffit de nouveau.", "success")
    return redirect(url_for(".page"), 303)


@blueprint.post("/codes.txt")
@requires(Permission.CONNECTED, before_second_factor=True)
def codes() -> ResponseReturnValue:
    """The recovery codes just shown, as a text file. The page posts them back: the database keeps only their hashes."""
    shown = request.form.getlist("codes")[: second_factor.CODES]
    if not second_factor.are_theirs(db.session(), me(), shown):
        abort(404)
    text = render_template("accounts/recovery_codes.txt", codes=shown, email=current_user.email)
    disposition = {"Content-Disposition": f"attachment; filename={FILE}"}
    return Response(text, mimetype="text/plain", headers=disposition)
