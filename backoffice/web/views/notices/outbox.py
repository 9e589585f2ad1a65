"""The outbox and failed jobs, for administrators."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backoffice.core.extensions import db, post
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Mail, MailState
from backoffice.queries.notices import inbox as queries
from backoffice.queries.paging import Place
from backoffice.web.guard import requires
from workflows.notices import mail
from workflows.work import failures, jobs

blueprint = Blueprint("outbox", __name__, url_prefix="/administration")


@blueprint.get("/courriels")
@requires(Permission.ADMINISTER)
def mails() -> ResponseReturnValue:
    asked = request.args.get("etat", "")
    state = MailState(asked) if asked in set(MailState) else None
    return render_template(
        "notices/outbox.html",
        mails=queries.mails(db.session(), state, Place.read(request.args)),
        state=state,
        states=MailState,
        counts=queries.mail_counts(db.session()),
        configured=bool(post.server),
    )


@blueprint.post("/courriels/<int:mail_id>/<any(renvoyer, abandonner):action>")
@requires(Permission.ADMINISTER)
def mail_action(mail_id: int, action: str) -> ResponseReturnValue:
    with atomic() as session:
        row = session.get(Mail, mail_id) or abort(404)
        done = mail.retry(session, row) if action == "renvoyer" else mail.abandon(session, row)
    if not done:
        flash("Ce message a changé d’état entre-temps : rien n’a été fait.", "warning")
    elif action == "renvoyer":
        mail.wake([mail_id])
        flash("Le message repart.", "success")
    else:
        flash("Le message ne partira pas.", "success")
    return redirect(url_for(".mails"), 303)


@blueprint.get("/travaux")
@requires(Permission.ADMINISTER)
def failed_jobs() -> ResponseReturnValue:
    return render_template("work/failed_jobs.html", failed=failures.failed(db.session()))


@blueprint.post("/travaux/<failed_id>/recommencer")
@requires(Permission.ADMINISTER)
def again(failed_id: str) -> ResponseReturnValue:
    with atomic() as session:
        asked = failures.again(session, failed_id)
        if asked is None:
            abort(404)
        jobs.enqueue(session, asked[0], *asked[1])
    flash("Le travail est demandé de nouveau.", "success")
    return redirect(url_for(".failed_jobs"), 303)
