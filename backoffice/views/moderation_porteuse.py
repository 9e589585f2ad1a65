"""On the page of a version: the structure that carries this one, when it does not answer."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.models.text import clean
from backoffice.permissions import Permission
from backoffice.transactions import atomic
from workflows import carrier_help
from workflows.case import Refused

from .guard import requires
from .moderation import moderated, version_page

blueprint = Blueprint("moderation_porteuse", __name__, url_prefix="/moderation/<int:revision_id>/porteuse")


@blueprint.post("/relancer")
@requires(Permission.MODERATE)
def relancer(revision_id: int) -> ResponseReturnValue:
    revision = moderated(revision_id)
    try:
        with atomic() as session:
            carrier_help.ask_again(session, revision.fiche_id, revision_id, current_user)
    except Refused as refused:
        return version_page(moderated(revision_id), refused), 409
    flash("Un nouveau message part à la structure porteuse ; le lien du précédent ne sert plus.", "success")
    return redirect(url_for("moderation.version", revision_id=revision_id), 303)


@blueprint.post("/confirmer")
@requires(Permission.MODERATE, keeps_input=True)
def confirmer(revision_id: int) -> ResponseReturnValue:
    revision = moderated(revision_id)
    comment = clean(request.form.get("commentaire", ""), multiline=True)
    try:
        with atomic() as session:
            carrier_help.confirm(session, revision.fiche_id, revision_id, current_user, comment)
    except Refused as refused:
        return version_page(moderated(revision_id), refused, comment, "confirmer-porteuse"), 409
    flash("L’accord de la structure porteuse est noté, avec ce que vous avez écrit.", "success")
    return redirect(url_for("moderation.version", revision_id=revision_id), 303)
