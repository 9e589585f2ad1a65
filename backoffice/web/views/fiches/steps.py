"""The guided path: one page a step, saved when it is left, then the review and the submission."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, Remark, Revision, RevisionState
from backoffice.models.content import Contenu
from backoffice.queries.registers.certifications import certifications
from backoffice.queries.territoires.communes import communes_of
from backoffice.web.guard import requires
from backoffice.web.version_context import Asked, answered
from backoffice.web.views.conventions import own_grants
from forms.fiches import certifications as exams
from forms.fiches import review as reviews
from forms.fiches import usual_locations
from forms.fiches.paths import PATHS
from forms.kit.builder import StepForm
from forms.kit.communes import choose
from forms.kit.questions import Path, Step
from forms.kit.rows import SEVERAL, add_row, obey, spread
from forms.kit.saving import Saved, answers, open_form, save, stamp
from forms.kit.step_diff import Difference, differences
from forms.steps.funding import FUNDING
from workflows.case import Refused
from workflows.conventions.operations import keep_ties
from workflows.fiches import operations
from workflows.fiches.engine import apply, lock
from workflows.moderation import remarks
from workflows.notices.outbox import tell

from .pages import entered_fiche, fiche_page

blueprint = Blueprint("steps", __name__, url_prefix="/fiches/<int:fiche_id>")

FIELD_NAME = re.compile(r"[a-z_]+(-([a-z_]+|[0-9]{1,3}))*")
"""The names that our pages give to fields; another can only come from a tampered page."""


@dataclass(frozen=True)
class Desk:
    """Who writes at these pages: the structure or who helps it, else a moderator who corrects a copy.

    name: of the blueprint, whose endpoints have the same names; load: the fiche within the person's scope,
    or 404; closed: the page that says why nothing can be written any more, and what was typed.
    """

    name: str
    load: Callable[[int], Fiche]
    closed: Callable[[int, str, Sequence[Difference]], str]


def closed_page(fiche_id: int, message: str, unsaved: Sequence[Difference] = ()) -> str:
    return fiche_page(entered_fiche(fiche_id), message, unsaved)


STRUCTURE = Desk("steps", entered_fiche, closed_page)


def draft_of(fiche: Fiche) -> Revision:
    """The open draft; 404 when there is none: the page of the fiche says what can be done."""
    return fiche.latest if writable(STRUCTURE, fiche) else abort(404)


def writable(desk: Desk, fiche: Fiche) -> bool:
    """A moderator's copy is closed to the structure, and the structure's draft to moderators."""
    return fiche.latest.state is RevisionState.BROUILLON and fiche.latest.being_corrected == (desk is not STRUCTURE)


def find_step(fiche: Fiche, slug: str) -> tuple[Path, Step]:
    path = PATHS[fiche.dispositif]
    return path, path.step(slug) or abort(404)


def resume_step(fiche: Fiche) -> Step | None:
    """Where a draft is gone on with: the first step that is not finished; None when only the review is left."""
    path = PATHS[fiche.dispositif]
    stands = reviews.statuses(path, review_of(fiche, fiche.latest), fiche.latest.content)
    return next((step for step in path.steps if stands[step.slug] != "complet"), None)


@blueprint.get("/reprendre")
@requires(Permission.ENTER_FICHE)
def reprendre(fiche_id: int) -> ResponseReturnValue:
    """One click from a list, on whatever device: the page where the work stopped."""
    fiche = entered_fiche(fiche_id)
    if not writable(STRUCTURE, fiche):
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    step = resume_step(fiche)
    if step is None:
        return redirect(url_for(".relecture", fiche_id=fiche_id), 303)
    return redirect(url_for(".etape", fiche_id=fiche_id, slug=step.slug), 303)


@blueprint.get("/saisie/<slug>")
@requires(Permission.ENTER_FICHE)
def etape(fiche_id: int, slug: str) -> ResponseReturnValue:
    return show_step(STRUCTURE, fiche_id, slug)


def show_step(desk: Desk, fiche_id: int, slug: str) -> ResponseReturnValue:
    fiche = desk.load(fiche_id)
    _, step = find_step(fiche, slug)
    if not writable(desk, fiche):
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    revision = fiche.latest
    form = open_form(step, revision.content, revision.pending, communes_of)
    return step_page(desk, fiche, step, form, stamp(step, revision.content, revision.pending))


def step_page(desk: Desk, fiche: Fiche, step: Step, form: StepForm, seen: str) -> str:
    path, revision = PATHS[fiche.dispositif], fiche.latest
    content, found = revision.content, review_of(fiche, revision)
    exams.offer(form, certifications)
    asked = remarks_of(desk, fiche)
    return render_template(
        "fiches/steps/step.html",
        fiche=fiche,
        path=path,
        step=step,
        form=form,
        stamp=seen,
        content=content,
        statuses=reviews.statuses(path, found, content),
        guidance=reviews.help_of(step, path, found),
        told=[finding for finding in found.told if reviews.step_of(path, finding) is step],
        previous=path.before(step),
        usual=fiche.organisme.places,
        grants=own_grants.payable(fiche) if desk is STRUCTURE and step.slug == FUNDING.slug else [],
        returned=fiche.returned,
        asked=asked,
        remarks_at=by_path(asked),
        desk=desk.name,
    )


def remarks_of(desk: Desk, fiche: Fiche) -> list[Asked]:
    """What the draft should answer; a moderator's copy answers nobody."""
    return answered(db.session(), fiche, fiche.latest) if desk is STRUCTURE else []


def by_path(asked: list[Asked]) -> dict[str, list[Remark]]:
    """The remarks at each field; "" for those on the whole entry, and those whose row is gone."""
    found: dict[str, list[Remark]] = {}
    for one in asked:
        found.setdefault(one.path or "", []).append(one.remark)
    return found


def review_of(fiche: Fiche, revision: Revision) -> reviews.Review:
    required = fiche.territoire.siret_obligatoire
    return reviews.review(revision.content, PATHS[fiche.dispositif], revision.pending, siret_required=required)


@blueprint.post("/saisie/<slug>")
@requires(Permission.ENTER_FICHE, keeps_input=True)
def enregistrer(fiche_id: int, slug: str) -> ResponseReturnValue:
    return save_step(STRUCTURE, fiche_id, slug)


class Stale(Exception):
    """The step says something else since the page was opened: nothing is written."""


class Posting:
    """One posted page of a step, and what becomes of it.

    After `keep`: saved, what the step becomes; before, the stamp of what was stored; spot, where the person goes on.
    """

    saved: Saved
    before: str
    spot: str

    def __init__(self, desk: Desk, step: Step):
        self.desk, self.step = desk, step
        self.order = request.form.get("ligne", "")[:100]
        pairs = [(name, text) for name, text in request.form.items(multi=True) if FIELD_NAME.fullmatch(name)]
        self.posted: MultiDict[str, str] = MultiDict(pairs)

    def keep(self, session: Session, fiche_id: int) -> None:
        """Raises Refused where nothing can be written any more, Stale where somebody else wrote meanwhile."""
        revision, step = lock(session, fiche_id).latest, self.step
        content = revision.content
        self.before = stamp(step, content, revision.pending)
        self._obey(content, revision.fiche)
        self.saved = saved = save(step, content, revision.pending, self.posted, communes_of)
        if revision.state is RevisionState.BROUILLON and not writable(self.desk, revision.fiche):
            raise Refused("Un modérateur corrige cette fiche en ce moment : attendez sa réponse pour la modifier.")
        if self.order.startswith("ajouter:"):
            self.spot = add_row(saved, step, self.order.removeprefix("ajouter:"))
        stale = request.form.get("empreinte") != self.before
        if stale and (saved.homeless or stamp(step, saved.content, saved.pending) != self.before):
            raise Stale
        if not stale:  # else the same page was sent twice: it is stored already
            operations.save_draft(session, revision, saved.content, saved.pending, current_user)
        if self.desk is STRUCTURE:
            remarks.reply(session, revision.fiche, replies(), current_user)
            keep_ties(session, current_user, revision.fiche, own_grants.said())
            operations.note_help(session, revision, current_user)

    def _obey(self, content: Contenu, fiche: Fiche) -> None:
        """What the button asks of the page before it is saved."""
        what, _, path = self.order.partition(":")
        self.posted, self.spot = spread(self.step, self.posted), ""
        if what in ("chercher", "commune"):
            self.spot = f"{path.split(':')[0]}-ville"
            self.posted = choose(self.posted, self.order) if what == "commune" else self.posted
        elif what in ("examen", "certification"):
            self.spot = exams.EXAM
            chosen = what == "certification"
            self.posted = exams.choose(self.posted, self.order, certifications) if chosen else self.posted
        elif what == SEVERAL:
            self.spot = path
        elif what == usual_locations.ORDER:
            chosen_place = request.form.get(f"{what}:{path}")
            lieu = next((one for one in fiche.organisme.places if one.id == chosen_place), None)
            self.posted, self.spot = usual_locations.fill(self.posted, path, lieu), path
        else:
            self.posted, self.spot = obey(self.step, content, self.posted, self.order)

    def gaps(self, fiche: Fiche) -> list[Difference]:
        """What was just typed and is not what is stored."""
        stored = fiche.latest
        return differences(open_form(self.step, stored.content, stored.pending, communes_of), self.saved.form)


def save_step(desk: Desk, fiche_id: int, slug: str) -> ResponseReturnValue:
    fiche = desk.load(fiche_id)
    path, step = find_step(fiche, slug)
    page = Posting(desk, step)
    try:
        with atomic() as session:
            page.keep(session, fiche_id)
    except Stale:
        return _conflict(page, desk.load(fiche_id)), 409
    except Refused as refused:
        fiche = desk.load(fiche_id)
        return desk.closed(fiche_id, refused.message, [*page.gaps(fiche), *_unsaved_replies()]), 409
    saved = page.saved
    for words in saved.understood:
        flash(words, "success")
    if page.order:
        return redirect(url_for(".etape", fiche_id=fiche_id, slug=slug, _anchor=page.spot or None), 303)
    if not saved.clean:
        return step_page(desk, fiche, step, saved.form, stamp(step, saved.content, saved.pending)), 422
    return _onward(fiche_id, path, step)


def _onward(fiche_id: int, path: Path, step: Step) -> ResponseReturnValue:
    if request.form.get("suite") == "quitter":
        flash("Votre travail est enregistré. Vous pourrez le reprendre quand vous voudrez.", "success")
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    following = path.after(step)
    if request.form.get("suite") == "relecture" or following is None:
        return redirect(url_for(".relecture", fiche_id=fiche_id), 303)
    return redirect(url_for(".etape", fiche_id=fiche_id, slug=following.slug), 303)


def replies() -> dict[int, remarks.Reply]:
    """What the page says of each remark that it showed; see templates/macros/remarks.html."""
    found = {}
    for name in request.form:
        kind, colon, number = name.partition(":")
        if kind == "remarque" and colon and number.isdecimal() and len(number) < 10:
            text = clean(request.form.get(f"remarque_reponse:{number}", ""), multiline=True)
            found[int(number)] = remarks.Reply(text, f"remarque_traitee:{number}" in request.form)
    return found


def reply_pairs() -> list[tuple[str, str]]:
    """The same, as it was posted."""
    return [(name, text) for name, text in request.form.items(multi=True) if name.startswith("remarque")]


def _unsaved_replies() -> list[Difference]:
    return [Difference("Votre réponse au modérateur", "", reply.text) for reply in replies().values() if reply.text]


def _conflict(page: Posting, fiche: Fiche) -> str:
    """Nothing was written: both versions are shown and the person chooses."""
    return render_template(
        "fiches/steps/conflict.html",
        fiche=fiche,
        step=page.step,
        gaps=page.gaps(fiche),
        pairs=[*answers(page.posted), *reply_pairs(), *own_grants.pairs()],
        stamp=page.before,
        desk=page.desk.name,
    )


@blueprint.get("/relecture")
@requires(Permission.ENTER_FICHE)
def relecture(fiche_id: int) -> ResponseReturnValue:
    fiche = entered_fiche(fiche_id)
    if not writable(STRUCTURE, fiche):
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    return review_page(fiche)


def review_page(fiche: Fiche, error: str = "") -> str:
    revision = draft_of(fiche)
    path, found = PATHS[fiche.dispositif], review_of(fiche, revision)
    return render_template(
        "fiches/steps/review.html",
        fiche=fiche,
        path=path,
        content=revision.content,
        review=found,
        step_of=lambda finding: reviews.step_of(path, finding),
        statuses=reviews.statuses(path, found, revision.content),
        returned=fiche.returned,
        asked=remarks_of(STRUCTURE, fiche),
        error=error,
        desk=STRUCTURE.name,
    )


@blueprint.post("/envoyer")
@requires(Permission.ENTER_FICHE)
def envoyer(fiche_id: int) -> ResponseReturnValue:
    fiche = entered_fiche(fiche_id)
    try:
        with atomic() as session:
            name = operations.sending(current_user, fiche)
            case = apply(session, name, fiche_id=fiche_id, revision_id=fiche.latest.id, actor=current_user)
            tell(session, "fiche_envoyee", key=str(case.revision.id), fiche=case.fiche)
    except Refused as refused:
        fiche = entered_fiche(fiche_id)
        if refused.findings:
            return review_page(fiche, refused.message), 422
        if fiche.latest.state is RevisionState.SOUMISE and fiche.latest.submitted_by_id == current_user.id:
            return redirect(url_for(".envoyee", fiche_id=fiche_id), 303)  # the button was pressed twice
        return fiche_page(fiche, refused.message), 409
    return redirect(url_for(".envoyee", fiche_id=fiche_id), 303)


@blueprint.get("/envoyee")
@requires(Permission.ENTER_FICHE)
def envoyee(fiche_id: int) -> ResponseReturnValue:
    """What happens next."""
    fiche = entered_fiche(fiche_id)
    if writable(STRUCTURE, fiche):
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    return render_template("fiches/steps/sent.html", fiche=fiche)
