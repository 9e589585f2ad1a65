"""Corrections: a moderator edits a copy of a submitted version, on the step pages; the structure may contest."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import Fiche
from backoffice.models.transition_names import FicheTransition
from backoffice.queries.moderation.remarks import open_contestations, open_corrections
from backoffice.web import next_in_queue, version_context
from backoffice.web.editing import EditingContext, autosave, autosave_limit, save_step, show_step
from backoffice.web.fiche_page import fiche_page
from backoffice.web.guard import requires
from backoffice.web.scope import moderated_fiche, moderated_version, own_fiche
from backoffice.web.security import id_of
from backoffice.web.version_page import version_page
from forms.fiches import review as reviews
from forms.fiches.paths import PATHS
from forms.kit.step_diff import Difference
from workflows.case import Refused
from workflows.fiches.engine import apply
from workflows.moderation import corrections

blueprint = Blueprint("corrections", __name__)


def corrected_fiche(fiche_id: int) -> Fiche:
    """A fiche of the moderator's territoires whose latest version is an open correction; else 404."""
    fiche = moderated_fiche(fiche_id)
    return fiche if fiche.latest.being_corrected else abort(404)


def closed_page(fiche_id: int, message: str, unsaved: Sequence[Difference] = ()) -> str:
    """The page of the version when a colleague has ended the correction; what was typed is in the comment field."""
    fiche = moderated_fiche(fiche_id)
    gaps = [f"{gap.label} : {gap.mine}" for gap in unsaved if gap.mine]
    latest = fiche.latest if not fiche.latest.being_corrected else fiche.revisions[-2]
    return version_page(latest, Refused(message), comment="\n".join(gaps))


MODERATOR = EditingContext("corrections", correcting=True, load=corrected_fiche, closed=closed_page)


@blueprint.get("/moderation/fiches/<int:fiche_id>/correction/<slug>")
@requires(Permission.MODERATE)
def step_form(fiche_id: int, slug: str) -> ResponseReturnValue:
    return show_step(MODERATOR, fiche_id, slug)


@blueprint.post("/moderation/fiches/<int:fiche_id>/correction/<slug>")
@requires(Permission.MODERATE, keeps_input=True)
def save_posted(fiche_id: int, slug: str) -> ResponseReturnValue:
    return save_step(MODERATOR, fiche_id, slug)


@blueprint.post("/moderation/fiches/<int:fiche_id>/correction/<slug>/brouillon")
@autosave_limit
@requires(Permission.MODERATE, keeps_input=True)
def save_draft(fiche_id: int, slug: str) -> ResponseReturnValue:
    return autosave(MODERATOR, fiche_id, slug)


@blueprint.get("/moderation/fiches/<int:fiche_id>/correction")
@requires(Permission.MODERATE)
def review_form(fiche_id: int) -> ResponseReturnValue:
    return correction_page(corrected_fiche(fiche_id))


def correction_page(fiche: Fiche, refused: Refused | None = None) -> str:
    draft, path = fiche.latest, PATHS[fiche.dispositif]
    found = reviews.review_of(draft)
    return render_template(
        "moderation/correction.html",
        fiche=fiche,
        sent=corrections.corrected_version(fiche, draft),
        path=path,
        content=draft.content,
        lines=version_context.corrections(fiche, draft),
        statuses=reviews.statuses(path, found, draft.content),
        step_of=lambda finding: reviews.step_of(path, finding),
        refused=refused,
        editing=MODERATOR.name,
    )


@blueprint.post("/moderation/fiches/<int:fiche_id>/correction")
@requires(Permission.MODERATE)
def finish(fiche_id: int) -> ResponseReturnValue:
    """Ends the correction. «quoi» = annuler: drops it and restores the submitted version."""
    fiche = corrected_fiche(fiche_id)
    revision_id, undone = fiche.latest.id, request.form.get("quoi") == "annuler"
    sent_id = corrections.corrected_version(fiche, fiche.latest).id
    try:
        with atomic() as session:
            if undone:
                corrections.give_up(session, fiche_id, current_user)
            else:
                apply(session, FicheTransition.RELIRE, fiche_id=fiche_id, revision_id=revision_id, actor=current_user)
    except Refused as refused:
        fiche = moderated_fiche(fiche_id)
        if fiche.latest.being_corrected:
            return correction_page(fiche, refused), 422
        return closed_page(fiche_id, refused.message), 409
    next_in_queue.follow(sent_id, revision_id)
    flash("Vos corrections sont annulées." if undone else "Vos corrections sont prêtes : validez la fiche.", "success")
    return redirect(url_for("moderation.version", revision_id=revision_id), 303)


# --- Contestation by the structure ------------------------------------------------------------------


@blueprint.post("/fiches/<int:fiche_id>/contester")
@requires(Permission.WRITE_FICHE, keeps_input=True)
def contest(fiche_id: int) -> ResponseReturnValue:
    own_fiche(fiche_id)
    text = clean(request.form.get("contestation", ""), multiline=True)
    version = request.form.get("version", 0, type=id_of)
    try:
        with atomic() as session:
            corrections.contest(session, fiche_id, version, text, current_user)
    except Refused as refused:
        return fiche_page(own_fiche(fiche_id), refused.message, typed=text), 409
    flash("Votre message est envoyé au modérateur. La fiche reste publiée en attendant sa réponse.", "success")
    return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)


@blueprint.get("/moderation/corrections")
@requires(Permission.MODERATE)
def index() -> ResponseReturnValue:
    """Corrections that need action: unfinished or contested."""
    return render_template(
        "moderation/corrections.html",
        contestations=open_contestations(db.session(), current_user),
        unfinished=open_corrections(db.session(), current_user),
    )


@blueprint.post("/moderation/<int:revision_id>/contestation")
@requires(Permission.MODERATE, keeps_input=True)
def answer(revision_id: int) -> ResponseReturnValue:
    moderated_version(revision_id)
    text = clean(request.form.get("reponse", ""), multiline=True)
    try:
        with atomic() as session:
            corrections.answer_contestation(session, revision_id, text, current_user)
    except Refused as refused:
        return version_page(moderated_version(revision_id), refused, comment=text, asked="contestation"), 409
    flash("Votre réponse est envoyée à la structure.", "success")
    return redirect(url_for("moderation.version", revision_id=revision_id), 303)
