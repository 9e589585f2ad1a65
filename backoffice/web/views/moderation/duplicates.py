"""Two similar fiches: marked as different, or merged."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.web.guard import requires
from backoffice.web.scope import moderated_fiche, moderated_version
from backoffice.web.version_page import version_page
from workflows.case import Refused
from workflows.moderation import duplicates

blueprint = Blueprint("duplicates", __name__, url_prefix="/moderation")


@blueprint.post("/<int:revision_id>/doublons/<int:other_id>/distinguer")
@requires(Permission.MODERATE)
def set_apart(revision_id: int, other_id: int) -> ResponseReturnValue:
    revision = moderated_version(revision_id)
    other = moderated_fiche(other_id)
    try:
        with atomic() as session:
            duplicates.tell_apart(session, revision.fiche_id, other.id, current_user)
    except Refused as refused:
        return version_page(moderated_version(revision_id), refused), 409
    flash(f"C’est noté : la fiche n° {other.numero} n’est pas un doublon.", "success")
    return redirect(url_for("moderation.version", revision_id=revision_id), 303)


@blueprint.post("/<int:revision_id>/doublons/<int:other_id>/fusionner")
@requires(Permission.MODERATE)
def merge(revision_id: int, other_id: int) -> ResponseReturnValue:
    """The field «garder» names the fiche that is kept: «celle-ci» or «autre»."""
    revision = moderated_version(revision_id)
    other = moderated_fiche(other_id)
    choice = request.form.get("garder", "")
    if choice not in ("celle-ci", "autre"):
        refused = Refused("Dites laquelle des deux fiches vous gardez.")
        return version_page(moderated_version(revision_id), refused, asked=f"fusionner-{other_id}"), 422
    kept, gone = (revision.fiche_id, other.id) if choice == "celle-ci" else (other.id, revision.fiche_id)
    try:
        with atomic() as session:
            merged = duplicates.merge(session, kept, gone, current_user)
            assert merged.merged_into is not None
            message = f"La fiche n° {merged.numero} est archivée : la fiche n° {merged.merged_into.numero} est gardée."
    except Refused as refused:
        return version_page(moderated_version(revision_id), refused), 409
    flash(message, "success")
    return redirect(url_for("moderation.version", revision_id=revision_id), 303)
