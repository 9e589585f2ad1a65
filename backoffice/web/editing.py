"""The pages of the form's steps, shared by both editing contexts: the structure, and a moderator correcting a copy.

The endpoints step_form, save_posted, save_draft and review_form exist in the blueprint of each editing context.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.clock import now
from backoffice.core.dates import NBSP, PARIS, local_day
from backoffice.core.extensions import db, limiter
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, Remark
from backoffice.models.content import Contenu
from backoffice.queries.conventions.scope import payable
from backoffice.queries.registers.certifications import certifications
from backoffice.queries.territoires.communes import communes_of
from forms.fiches import certifications as exams
from forms.fiches import contradictions, needs
from forms.fiches import review as reviews
from forms.fiches.paths import PATHS
from forms.kit import posted
from forms.kit.builder import StepForm, bind
from forms.kit.questions import Path, Question, Step
from forms.kit.saving import answers, open_form, stamp
from forms.kit.step_diff import Difference
from forms.steps.funding import FUNDING
from workflows.fiches import drafting
from workflows.fiches.drafting import ClosedStep, StaleStep

from .version_context import Asked, answered

STALE = (
    "Cette étape a été modifiée ailleurs : un autre onglet, un autre appareil ou un collègue. Rien n’est perdu : "
    "appuyez sur « Enregistrer et continuer » pour voir les deux versions."
)


@dataclass(frozen=True)
class EditingContext:
    """Editing as the structure, or as a moderator correcting a copy.

    name: blueprint of its endpoints; correcting: True for the moderator; load: the fiche within the person's scope,
    404 otherwise; closed: page that says why the fiche cannot be edited any more and shows the unsaved values.
    """

    name: str
    correcting: bool
    load: Callable[[int], Fiche]
    closed: Callable[[int, str, Sequence[Difference]], str]

    def writable(self, fiche: Fiche) -> bool:
        return drafting.writable(fiche, correcting=self.correcting)

    def asked(self, fiche: Fiche) -> list[Asked]:
        """The remarks that the draft should answer; empty for a moderator's copy."""
        return [] if self.correcting else answered(db.session(), fiche, fiche.latest)


def find_step(fiche: Fiche, slug: str) -> tuple[Path, Step]:
    path = PATHS[fiche.dispositif]
    return path, path.step(slug) or abort(404)


def show_step(context: EditingContext, fiche_id: int, slug: str) -> ResponseReturnValue:
    fiche = context.load(fiche_id)
    _, step = find_step(fiche, slug)
    if not context.writable(fiche):
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    revision = fiche.latest
    form = open_form(step, revision.content, revision.pending, communes_of)
    return step_page(context, fiche, step, form, stamp(step, revision.content, revision.pending))


def step_page(context: EditingContext, fiche: Fiche, step: Step, form: StepForm, seen: str) -> str:
    """seen: the optimistic-lock stamp of the content that the page shows."""
    path, content, found = PATHS[fiche.dispositif], fiche.latest.content, reviews.review_of(fiche.latest)
    _contradicts(form, content)
    exams.offer(form, certifications)
    asked = context.asked(fiche)
    pays = step.slug == FUNDING.slug and not context.correcting
    return render_template(
        "fiches/steps/step.html",
        fiche=fiche,
        path=path,
        step=step,
        form=form,
        need=_needs(fiche, path, content),
        stamp=seen,
        content=content,
        statuses=reviews.statuses(path, found, content),
        guidance=reviews.help_of(step, path, found),
        told=[finding for finding in found.told if reviews.step_of(path, finding) is step],
        previous=path.before(step),
        usual=fiche.organisme.places,
        grants=payable(db.session(), current_user, fiche) if pays else [],
        returned=fiche.returned,
        asked=asked,
        remarks_at=_by_path(asked),
        editing=context.name,
    )


def _needs(fiche: Fiche, path: Path, content: Contenu) -> Callable[[Question, str], needs.Need]:
    """The function that the labels of a page read: question, path of its field → need."""
    today = local_day(now())
    waived = needs.waived(content, siret_required=fiche.territoire.siret_obligatoire)
    return lambda question, spot: needs.need(question, spot, content, path, today, waived)


def _by_path(asked: list[Asked]) -> dict[str, list[Remark]]:
    """{path of a field: its remarks}; "" for remarks on the whole fiche or on a row that no longer exists."""
    found: dict[str, list[Remark]] = {}
    for one in asked:
        found.setdefault(one.path or "", []).append(one.remark)
    return found


def _save(context: EditingContext, fiche_id: int, step: Step) -> drafting.SavedStep:
    page = posted.read_step(request.form)
    with atomic() as session:
        return drafting.save_step(session, fiche_id, step, page, current_user, correcting=context.correcting)


def save_step(context: EditingContext, fiche_id: int, slug: str) -> ResponseReturnValue:
    fiche = context.load(fiche_id)
    path, step = find_step(fiche, slug)
    try:
        page = _save(context, fiche_id, step)
    except StaleStep as conflict:
        return _conflict(context, context.load(fiche_id), conflict.page), 409
    except ClosedStep as closed:
        gaps = closed.page.gaps(context.load(fiche_id).latest)
        return context.closed(fiche_id, closed.message, [*gaps, *_unsaved_replies()]), 409
    saved = page.saved
    for words in saved.understood:
        flash(words, "success")
    if posted.order_of(request.form):
        return redirect(url_for(".step_form", fiche_id=fiche_id, slug=slug, _anchor=page.spot or None), 303)
    if not saved.clean:
        return step_page(context, fiche, step, saved.form, stamp(step, saved.content, saved.pending)), 422
    if not request.form.get("suite") and _contradicts(bind(step, saved.content), saved.content):
        # All is saved. The page is shown again with the message at its row; the other buttons go on.
        form = open_form(step, saved.content, saved.pending, communes_of)
        return step_page(context, fiche, step, form, stamp(step, saved.content, saved.pending)), 422
    return _onward(fiche_id, path, step)


def _contradicts(form: StepForm, content: Contenu) -> bool:
    """Shows on the page what its answers contradict; whether one of them is to be corrected there."""
    return bool(contradictions.show(form, contradictions.contradictions(content, local_day(now()))))


def _onward(fiche_id: int, path: Path, step: Step) -> ResponseReturnValue:
    if request.form.get("suite") == "quitter":
        flash("Votre travail est enregistré. Vous pourrez le reprendre quand vous voudrez.", "success")
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    following = path.after(step)
    if request.form.get("suite") == "relecture" or following is None:
        return redirect(url_for(".review_form", fiche_id=fiche_id), 303)
    return redirect(url_for(".step_form", fiche_id=fiche_id, slug=following.slug), 303)


def _unsaved_replies() -> list[Difference]:
    replies = posted.replies_of(request.form).values()
    return [Difference("Votre réponse au modérateur", "", reply.text) for reply in replies if reply.text]


def _conflict(context: EditingContext, fiche: Fiche, page: drafting.SavedStep) -> str:
    """The page of an optimistic-lock conflict: it shows both versions, and nothing was written."""
    return render_template(
        "fiches/steps/conflict.html",
        fiche=fiche,
        step=page.step,
        gaps=page.gaps(fiche.latest),
        pairs=[*answers(page.answers), *posted.kept_pairs(request.form)],
        stamp=page.before,
        editing=context.name,
    )


def _person() -> str:
    """Rate-limit key: the account, because several volunteers may share one network address."""
    return str(current_user.id) if current_user.is_authenticated else str(request.remote_addr)


autosave_limit = limiter.shared_limit("60/minute;1500/hour", scope="brouillon", key_func=_person)
"""The page autosaves every 2 seconds at most; the limit protects the database from other clients."""


def autosave(context: EditingContext, fiche_id: int, slug: str) -> ResponseReturnValue:
    """Autosaves a step, with the same rules as the button. Answers JSON.

    200: {"empreinte": the new stamp, "reperes": {field: local id}, "score", "manques": how many, "aide": HTML,
    "contraires": {field: what its answer contradicts}, "illisibles": the fields that could not be read, "heure": of
    the saving, in Paris, "instant": the same in ISO 8601}.
    409: {"cause": "conflit" or "fermee", "message"}; nothing was written.
    """
    fiche = context.load(fiche_id)
    _held = fiche.territoire  # locking reads the fiche again: the session would load what nobody holds
    path, step = find_step(fiche, slug)
    posted_ = posted.read_step(request.form)
    try:
        # The answer is made before the commit, which makes the session forget the rows that it loaded.
        with atomic() as session:
            page = drafting.save_step(session, fiche_id, step, posted_, current_user, correcting=context.correcting)
            return _saved(context, fiche, path, step, page)
    except StaleStep:
        return {"cause": "conflit", "message": STALE}, 409
    except ClosedStep as closed:
        return {"cause": "fermee", "message": closed.message}, 409


def _saved(context: EditingContext, fiche: Fiche, path: Path, step: Step, page: drafting.SavedStep) -> dict[str, Any]:
    stored = fiche.latest
    found = reviews.help_of(step, path, reviews.review_of(stored))
    form, unread = page.saved.form, [field.id for field in page.saved.form.faulty]
    _contradicts(form, stored.content)
    at = stored.saved_at.astimezone(PARIS)
    # Rendered without what every page needs (menus, counts): the help alone is sent.
    guidance = current_app.jinja_env.get_template("fiches/steps/guidance.html")
    return {
        "empreinte": stamp(step, stored.content, stored.pending),
        "reperes": page.saved.ids,
        "score": found.score,
        "manques": len(found.lacking),
        "heure": f"{at.hour}{NBSP}h{NBSP}{at.minute:02d}",
        "instant": at.isoformat(),
        "illisibles": unread,
        "contraires": {field.id: " ".join(field.errors) for field in form.faulty if field.id not in unread},
        "aide": guidance.render(guidance=found, fiche=fiche, editing=context.name),
    }
