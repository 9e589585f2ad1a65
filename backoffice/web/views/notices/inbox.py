"""Notices received by the person, and the choice of e-mails."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import delete, update

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Mute, Notification
from backoffice.queries.notices import inbox as queries
from backoffice.web.guard import requires
from backoffice.web.security import safe_next
from workflows.notices.audiences import Notice
from workflows.notices.declared import NOTICES

blueprint = Blueprint("notices", __name__, url_prefix="/avis")


@blueprint.get("/")
@requires(Permission.CONNECTED)
def index() -> ResponseReturnValue:
    return render_template("notices/inbox.html", notices=queries.own_notices(db.session(), current_user))


@blueprint.post("/<int:notice_id>/ouvrir")
@requires(Permission.CONNECTED)
def open_notice(notice_id: int) -> ResponseReturnValue:
    """Marks a notice as read and redirects to its page. A POST, since a browser may prefetch a link."""
    with atomic() as session:
        notice = queries.own_notice(session, current_user, notice_id) or abort(404)
        notice.read_at = notice.read_at or now()
        page = notice.page
    return redirect(safe_next(page) if page else url_for(".index"), 303)


@blueprint.post("/tout-lu")
@requires(Permission.CONNECTED)
def all_read() -> ResponseReturnValue:
    with atomic() as session:
        session.execute(
            update(Notification)
            .where(Notification.user_id == current_user.id, Notification.read_at.is_(None))
            .values(read_at=now())
        )
    flash("Tout est marqué comme lu.", "success")
    return redirect(url_for(".index"), 303)


@blueprint.get("/choix")
@requires(Permission.CONNECTED)
def choices() -> ResponseReturnValue:
    return render_template("notices/choices.html", notices=_for_me(), muted=queries.muted(db.session(), current_user))


@blueprint.post("/choix")
@requires(Permission.CONNECTED)
def choose() -> ResponseReturnValue:
    """Mutes the e-mails that are not ticked. Obligatory notices cannot be muted."""
    wanted = set(request.form.getlist("messages"))
    with atomic() as session:
        session.execute(delete(Mute).where(Mute.user_id == current_user.id))
        session.add_all(
            Mute(user_id=current_user.id, notice=notice.name)
            for notice in _for_me()
            if not notice.obligatory and notice.name not in wanted
        )
    flash("Vos choix sont enregistrés.", "success")
    return redirect(url_for(".choices"), 303)


def _for_me() -> list[Notice]:
    """Notices that the person may receive by e-mail."""
    return [notice for notice in NOTICES.values() if notice.by_mail and current_user.can(notice.concerns)]
