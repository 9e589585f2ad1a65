"""The page where a moderator reads a version and decides on it; the queue is in `queue`."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models.transition_names import FicheTransition
from backoffice.web import next_in_queue
from backoffice.web.guard import requires
from backoffice.web.scope import moderated_version
from backoffice.web.version_page import version_page
from workflows.case import Refused
from workflows.fiches.engine import apply
from workflows.fiches.transitions import TRANSITIONS

blueprint = Blueprint("moderation", __name__, url_prefix="/moderation")


@blueprint.get("/<int:revision_id>")
@requires(Permission.MODERATE)
def version(revision_id: int) -> ResponseReturnValue:
    return version_page(moderated_version(revision_id))


@blueprint.post("/<int:revision_id>/<name>")
@requires(Permission.MODERATE, keeps_input=True)
def decide(revision_id: int, name: str) -> ResponseReturnValue:
    revision = moderated_version(revision_id)
    wanted = TRANSITIONS.get(name)
    if wanted is None or Permission.MODERATE not in wanted.permissions or wanted.apart:
        abort(404)
    comment = clean(request.form.get("commentaire", ""), multiline=True)
    motif = request.form.get("motif", "")
    try:
        with atomic() as session:
            apply(
                session,
                name,
                fiche_id=revision.fiche_id,
                revision_id=revision_id,
                actor=current_user,
                comment=comment,
                reason=motif,
            )
    except Refused as refused:
        return version_page(moderated_version(revision_id), refused, comment, name, motif), 409
    if name == FicheTransition.CORRIGER:
        return redirect(url_for("corrections.review_form", fiche_id=revision.fiche_id), 303)
    flash(f"La fiche a été {wanted.done}.", "success")
    return redirect(next_in_queue.onward(wanted, revision_id), 303)
