"""Lots: one decision on several fiches chosen in the queue. Preview, confirm, progress, undo."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import JobStatus, Lot, LotAction, LotResult, User
from backoffice.queries.moderation import lots as queries
from backoffice.queries.moderation.queue import revision_ids
from backoffice.queries.moderation.queue_filters import colleagues
from backoffice.queries.moderation.reasons import offered
from backoffice.reference.reasons import Motif
from backoffice.web.guard import requires
from backoffice.web.queue_page import posted_view, queue_page
from backoffice.web.security import id_of
from workflows.case import Refused
from workflows.moderation import lots

blueprint = Blueprint("lots", __name__, url_prefix="/moderation")


def own_lot(lot_id: int) -> Lot:
    """The lot, when the person created it; else 404."""
    return queries.own_lot(db.session(), current_user, lot_id) or abort(404)


@blueprint.post("/lots")
@requires(Permission.MODERATE, keeps_input=True)
def prepare_lot() -> ResponseReturnValue:
    asked, want = posted_view()
    action = request.form.get("action", "")
    if action not in {choice.action for choice in lots.CHOICES}:
        return queue_page("Choisissez ce qu’il faut faire des fiches cochées.", "lot", asked), 422
    if request.form.get("quoi") == "vue":
        ids = revision_ids(db.session(), current_user, want, lots.LARGEST)
    else:
        ids = request.form.getlist("fiche", type=id_of)
    comment = clean(request.form.get("commentaire", ""), multiline=True)
    try:
        with atomic() as session:
            chosen = queries.chosen_revisions(session, current_user, ids)
            lot = lots.prepare(session, current_user, LotAction(action), chosen, comment, _assignee())
    except Refused as refused:
        return queue_page(refused.message, "lot", asked), 422
    return redirect(url_for(".lot", lot_id=lot.id), 303)


def _assignee() -> User | None:
    """The chosen colleague; None when it is not one of the colleagues offered."""
    chosen = request.form.get("a", "")
    if chosen not in colleagues(db.session(), current_user):
        return None
    return db.session.get(User, int(chosen))


@blueprint.get("/lots/<int:lot_id>")
@requires(Permission.MODERATE)
def lot(lot_id: int) -> ResponseReturnValue:
    return lot_page(own_lot(lot_id))


def lot_page(lot: Lot, error: str = "", comment: str = "") -> str:
    """The page of a lot: preview, then progress, then the result of each fiche."""
    found = queries.tally(db.session(), lot)
    undoing = lots.ACTIONS[lot.action].undo if lot.status is JobStatus.FINI else None
    undo = lots.ACTIONS[undoing] if undoing is not None else None
    return render_template(
        "moderation/lot.html",
        lot=lot,
        choice=lots.ACTIONS[lot.action],
        undo=undo,
        motifs=_reasons(lot, undo) if undo else [],
        lines=queries.lot_lines(db.session(), lot),
        total=sum(found.values()),
        done=sum(found.values()) - found.get(None, 0),
        made=found.get(LotResult.FAIT, 0),
        follow="suivi" in request.args,
        error=error,
        comment=comment,
    )


def _reasons(lot: Lot, undo: lots.Choice) -> list[Motif]:
    """Reasons of the territoire for the decision that undoes the lot; [] when that decision takes no reason."""
    return offered(db.session(), lot.lines[0].fiche.territoire_id, undo.last.name) if undo.last.reasons else []


@blueprint.post("/lots/<int:lot_id>/lancer")
@requires(Permission.MODERATE)
def launch_lot(lot_id: int) -> ResponseReturnValue:
    """Confirms the lot, or restarts a lot that stopped."""
    with atomic() as session:
        lots.launch(session, own_lot(lot_id))
    return redirect(url_for(".lot", lot_id=lot_id), 303)


@blueprint.post("/lots/<int:lot_id>/defaire")
@requires(Permission.MODERATE, keeps_input=True)
def undo_lot(lot_id: int) -> ResponseReturnValue:
    comment = clean(request.form.get("commentaire", ""), multiline=True)
    try:
        with atomic() as session:
            back = lots.undo(session, own_lot(lot_id), current_user, comment, request.form.get("motif", "")[:40])
    except Refused as refused:
        return lot_page(own_lot(lot_id), refused.message, comment), 422
    flash("Rien n’est encore défait : relisez, puis confirmez.", "success")
    return redirect(url_for(".lot", lot_id=back.id), 303)


@blueprint.get("/lots")
@requires(Permission.MODERATE)
def past_lots() -> ResponseReturnValue:
    rows = queries.own_lots(db.session(), current_user)
    return render_template("moderation/lots.html", lots=rows, actions=lots.ACTIONS)
