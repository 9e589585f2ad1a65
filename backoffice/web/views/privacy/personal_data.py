"""Personal data: what Relais holds about a person, export, erasure; and the public privacy notice."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user
from sqlalchemy import select

from backoffice.core.extensions import db, limiter
from backoffice.core.passwords import LONGEST, verify
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import User
from backoffice.reference.retention import conservation
from backoffice.web.guard import requires
from backoffice.web.security import download
from workflows.case import Refused
from workflows.privacy import erasure, export
from workflows.privacy.holding import Fate
from workflows.privacy.personal_data import ELSEWHERE, HOLDINGS
from workflows.robot import is_robot

blueprint = Blueprint("personal_data", __name__)

WRONG = "Ce n’est pas le bon mot de passe. Rien n’a été effacé."
UNTICKED = "Cochez la case pour dire que vous avez compris. Rien n’a été effacé."
GONE = "Le compte est effacé. Merci du travail fait ici."


def _who() -> str:
    """Key of the rate limits: the account, since all users of a town hall may share one IP address."""
    return str(current_user.get_id())


@blueprint.get("/confidentialite")
@requires(Permission.PUBLIC)
def privacy_notice() -> ResponseReturnValue:
    return render_template(
        "privacy/privacy_notice.html",
        holdings={fate: [row for row in HOLDINGS if row.fate is fate] for fate in Fate},
        elsewhere=ELSEWHERE,
        periods=conservation().values(),
        contact=current_app.config["RELAIS_CONTACT"],
    )


@blueprint.get("/mes-donnees/")
@requires(Permission.CONNECTED)
def home() -> ResponseReturnValue:
    return _page()


def _page(error: str = "", field: str = "") -> str:
    return render_template("privacy/personal_data.html", error=error, field=field, **_consequences(current_user))


def _consequences(user: User) -> dict[str, object]:
    """What the pages show before an erasure: why it is refused, structures left alone, work in hand."""
    return {
        "obstacle": erasure.refusal(db.session(), user),
        "alone": erasure.left_alone(db.session(), user),
        "in_hand": erasure.in_hand(db.session(), user),
    }


@blueprint.get("/mes-donnees/mes-donnees-relais.zip")
@limiter.limit("6/minute;30/hour", key_func=_who)
@requires(Permission.CONNECTED)
def archive() -> ResponseReturnValue:
    file = SpooledTemporaryFile(max_size=5_000_000)  # noqa: SIM115 - the answer closes it
    export.write(db.session(), current_user, file)
    file.seek(0)
    return download(file, "application/zip", "mes-donnees-relais.zip")


@blueprint.post("/mes-donnees/effacer")
@limiter.limit("6/minute;30/hour", key_func=_who)
@requires(Permission.CONNECTED)
def erase() -> ResponseReturnValue:
    if not request.form.get("compris"):
        return _page(UNTICKED, "compris"), 422
    if not verify(current_user.password_hash, request.form.get("mot_de_passe", "")[:LONGEST]):
        return _page(WRONG, "mot_de_passe"), 422
    return _erase(current_user.id)


def _erase(account_id: int) -> ResponseReturnValue:
    """Erases the account at its owner's request, and ends the session."""
    try:
        with atomic() as base:
            erasure.erase(base, account_id, base.get_one(User, account_id))
    except Refused as refused:
        flash(refused.message, "warning")
        return redirect(url_for(".home"), 303)
    logout_user()
    session.clear()
    flash(GONE, "success")
    return redirect(url_for(".privacy_notice"), 303)


@blueprint.post("/mes-donnees/effacer/lien")
@limiter.limit("3/minute;8/hour", key_func=_who)
@requires(Permission.CONNECTED)
def ask_link() -> ResponseReturnValue:
    with atomic() as base:
        erasure.ask_by_link(base, base.get_one(User, current_user.id))
    flash("Un message vient de partir à votre adresse : son lien, valable 30 minutes, efface le compte.", "success")
    return redirect(url_for(".home"), 303)


@blueprint.get("/mes-donnees/effacement/<token>")
@requires(Permission.PUBLIC)
def confirm(token: str) -> ResponseReturnValue:
    """Page of an erasure link, which proves access to the mailbox. The POST erases, as for the other links."""
    user = erasure.confirmed_by(db.session(), token)
    if user is None:
        return render_template("privacy/erasure.html", user=None), 404
    return render_template("privacy/erasure.html", user=user, token=token, **_consequences(user))


@blueprint.post("/mes-donnees/effacement/<token>")
@limiter.limit("30/minute;200/hour")
@requires(Permission.PUBLIC)
def erase_by_link(token: str) -> ResponseReturnValue:
    user = erasure.confirmed_by(db.session(), token)
    return _erase(user.id) if user else confirm(token)


# --- Erasure by an administrator --------------------------------------------------------------------


@blueprint.get("/administration/effacement/<int:account_id>")
@requires(Permission.ADMINISTER)
def erasure_page(account_id: int) -> ResponseReturnValue:
    return _of_somebody(_account(account_id))


def _account(account_id: int) -> User:
    """The account; 404 when there is none, or for the account of Relais itself, which nobody manages."""
    user = db.session.scalars(select(User).where(User.id == account_id)).one_or_none() or abort(404)
    return abort(404) if is_robot(user) else user


def _of_somebody(user: User, error: str = "") -> str:
    return render_template(
        "privacy/erasure_for_somebody.html",
        user=user,
        error=error,
        done=erasure.proof(db.session(), user.id),
        **_consequences(user),
    )


@blueprint.post("/administration/effacement/<int:account_id>")
@requires(Permission.ADMINISTER)
def erase_for(account_id: int) -> ResponseReturnValue:
    user = _account(account_id)
    if not request.form.get("compris"):
        return _of_somebody(user, UNTICKED), 422
    if account_id == current_user.id:
        return redirect(url_for(".home"), 303)  # One's own account needs the password, asked on that page.
    try:
        with atomic() as base:
            erasure.erase(base, account_id, base.get_one(User, current_user.id))
    except Refused as refused:
        return _of_somebody(_account(account_id), refused.message), 409
    flash("Le compte est effacé.", "success")
    return redirect(url_for(".erasure_page", account_id=account_id), 303)
