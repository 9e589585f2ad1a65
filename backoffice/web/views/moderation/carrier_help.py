"""On the page of a version: what a moderator does when the carrier does not answer (remind it, confirm for it)."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.web.guard import requires
from backoffice.web.scope import moderated_version
from backoffice.web.version_page import version_page
from workflows.case import Refused
from workflows.structures import carrier_help

blueprint = Blueprint("carrier_help", __name__, url_prefix="/moderation/<int:revision_id>/porteuse")


@blueprint.post("/relancer")
@requires(Permission.MODERATE)
def remind(revision_id: int) -> ResponseReturnValue:
    revision = moderated_version(revision_id)
    try:
        with atomic() as session:
            carrier_help.ask_again(session, revision.fiche_id, revision_id, current_user)
    except Refused as refused:
        return version_page(moderated_version(revision_id), refused), 409
    flash("Un nouveau message part à la structure porteuse ; le lien du précédent ne sert plus.", "success")
    return redirect(url_for("moderation.version", revision_id=revision_id), 303)


@blueprint.post("/confirmer")
@requires(Permission.MODERATE, keeps_input=True)
def confirm(revision_id: int) -> ResponseReturnValue:
    revision = moderated_version(revision_id)
    comment = clean(request.form.get("commentaire", ""), multiline=True)
    try:
        with atomic() as session:
            carrier_help.confirm(session, revision.fiche_id, revision_id, current_user, comment)
    except Refused as refused:
        return version_page(moderated_version(revision_id), refused, comment, "confirmer-porteuse"), 409
    flash("L’accord de la structure porteuse est noté, avec ce que vous avez écrit.", "success")
    return redirect(url_for("moderation.version", revision_id=revision_id), 303)
