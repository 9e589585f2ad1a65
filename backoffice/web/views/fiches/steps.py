"""The form of a fiche, for its structure: one page per step, then review and submission."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, RevisionState
from backoffice.web.editing import EditingContext, autosave, autosave_limit, save_step, show_step
from backoffice.web.fiche_page import fiche_page
from backoffice.web.guard import requires
from backoffice.web.scope import entered_fiche
from exports.fragment.reader_views import views
from forms.fiches import review as reviews
from forms.fiches.paths import PATHS
from forms.kit.posted import replies_of
from forms.kit.questions import Step
from forms.kit.step_diff import Difference
from workflows.case import Refused
from workflows.fiches import operations
from workflows.fiches.engine import apply, lock
from workflows.moderation import remarks

blueprint = Blueprint("steps", __name__, url_prefix="/fiches/<int:fiche_id>")


def closed_page(fiche_id: int, message: str, unsaved: Sequence[Difference] = ()) -> str:
    return fiche_page(entered_fiche(fiche_id), message, unsaved)


STRUCTURE = EditingContext("steps", correcting=False, load=entered_fiche, closed=closed_page)


def resume_step(fiche: Fiche) -> Step | None:
    """The first unfinished step of a draft; None when only the review is left."""
    path = PATHS[fiche.dispositif]
    stands = reviews.statuses(path, reviews.review_of(fiche.latest), fiche.latest.content)
    return next((step for step in path.steps if stands[step.slug] != "complet"), None)


@blueprint.get("/reprendre")
@requires(Permission.ENTER_FICHE)
def resume(fiche_id: int) -> ResponseReturnValue:
    """Redirects to the first unfinished step of the draft, or to the review."""
    fiche = entered_fiche(fiche_id)
    if not STRUCTURE.writable(fiche):
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    step = resume_step(fiche)
    if step is None:
        return redirect(url_for(".review_form", fiche_id=fiche_id), 303)
    return redirect(url_for(".step_form", fiche_id=fiche_id, slug=step.slug), 303)


@blueprint.get("/saisie/<slug>")
@requires(Permission.ENTER_FICHE)
def step_form(fiche_id: int, slug: str) -> ResponseReturnValue:
    return show_step(STRUCTURE, fiche_id, slug)


@blueprint.post("/saisie/<slug>")
@requires(Permission.ENTER_FICHE, keeps_input=True)
def save_posted(fiche_id: int, slug: str) -> ResponseReturnValue:
    return save_step(STRUCTURE, fiche_id, slug)


@blueprint.post("/saisie/<slug>/brouillon")
@autosave_limit
@requires(Permission.ENTER_FICHE, keeps_input=True)
def save_draft(fiche_id: int, slug: str) -> ResponseReturnValue:
    return autosave(STRUCTURE, fiche_id, slug)


@blueprint.get("/relecture")
@requires(Permission.ENTER_FICHE)
def review_form(fiche_id: int) -> ResponseReturnValue:
    fiche = entered_fiche(fiche_id)
    if not STRUCTURE.writable(fiche):
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    return review_page(fiche)


def review_page(fiche: Fiche, error: str = "") -> str:
    if not STRUCTURE.writable(fiche):
        abort(404)
    revision = fiche.latest
    path, found = PATHS[fiche.dispositif], reviews.review_of(revision)
    return render_template(
        "fiches/steps/review.html",
        fiche=fiche,
        path=path,
        content=revision.content,
        review=found,
        views=views(revision.content, fiche.dispositif),
        step_of=lambda finding: reviews.step_of(path, finding),
        statuses=reviews.statuses(path, found, revision.content),
        returned=fiche.returned,
        asked=STRUCTURE.asked(fiche),
        error=error,
        editing=STRUCTURE.name,
    )


@blueprint.post("/envoyer")
@requires(Permission.ENTER_FICHE, keeps_input=True)
def send(fiche_id: int) -> ResponseReturnValue:
    """Sends the fiche. The replies typed on the same page are saved first, even when the sending is then refused."""
    fiche, replies = entered_fiche(fiche_id), replies_of(request.form)
    try:
        if replies:
            with atomic() as session:
                remarks.reply(session, lock(session, fiche_id), replies, current_user)
        with atomic() as session:
            name = operations.sending(current_user, fiche)
            apply(session, name, fiche_id=fiche_id, revision_id=fiche.latest.id, actor=current_user)
    except Refused as refused:
        fiche = entered_fiche(fiche_id)
        if refused.findings:
            return review_page(fiche, refused.message), 422
        if fiche.latest.state is RevisionState.SOUMISE and fiche.latest.submitted_by_id == current_user.id:
            return redirect(url_for(".sent", fiche_id=fiche_id), 303)  # The button was pressed twice.
        typed = "\n".join(reply.text for reply in replies.values() if reply.text)
        return fiche_page(fiche, refused.message, typed=typed), 409
    return redirect(url_for(".sent", fiche_id=fiche_id), 303)


@blueprint.get("/envoyee")
@requires(Permission.ENTER_FICHE)
def sent(fiche_id: int) -> ResponseReturnValue:
    """Confirmation of the submission, with what happens next."""
    fiche = entered_fiche(fiche_id)
    if STRUCTURE.writable(fiche):
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    return render_template("fiches/steps/sent.html", fiche=fiche)
