"""The page where a version is read and decided; the queue is in moderation_file."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.extensions import db
from backoffice.models import Revision
from backoffice.models.text import clean
from backoffice.permissions import Permission
from backoffice.queries import fiches as fiche_queries
from backoffice.queries.moderation_rules import hits_of
from backoffice.queries.queue import moderated_revision
from backoffice.queries.reasons import offered
from backoffice.transactions import atomic
from workflows.case import Refused
from workflows.definition import TRANSITIONS
from workflows.engine import apply, available

from . import moderation_suite
from .guard import requires
from .saisie import review_of

blueprint = Blueprint("moderation", __name__, url_prefix="/moderation")


def moderated(revision_id: int) -> Revision:
    """The version, when it is of one of the moderator's territoires; else 404."""
    return moderated_revision(db.session, current_user, revision_id) or abort(404)


@blueprint.get("/<int:revision_id>")
@requires(Permission.MODERATE)
def version(revision_id: int) -> ResponseReturnValue:
    return version_page(moderated(revision_id))


def version_page(
    revision: Revision, refused: Refused | None = None, comment: str = "", asked: str = "", motif: str = ""
) -> str:
    """asked: the transition that was refused; comment and motif: what was answered to it."""
    fiche = revision.fiche
    transitions = available(current_user, fiche, revision)
    return render_template(
        "moderation/version.html",
        fiche=fiche,
        revision=revision,
        content=revision.content,
        review=review_of(fiche, revision),
        hits=hits_of(db.session(), revision),
        history=fiche_queries.history(db.session, fiche),
        transitions=transitions,
        motifs={t.name: offered(db.session(), fiche.territoire_id, t.name) for t in transitions if t.reasons},
        refused=refused,
        comment=comment,
        asked=asked,
        motif=motif,
    )


@blueprint.post("/<int:revision_id>/<name>")
@requires(Permission.MODERATE, keeps_input=True)
def decider(revision_id: int, name: str) -> ResponseReturnValue:
    revision = moderated(revision_id)
    wanted = TRANSITIONS.get(name)
    if wanted is None or wanted.permission is not Permission.MODERATE:
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
        return version_page(moderated(revision_id), refused, comment, name, motif), 409
    flash(f"La fiche a été {wanted.done}.", "success")
    return redirect(moderation_suite.onward(wanted, revision_id), 303)
