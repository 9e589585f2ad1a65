"""Renewal of last year's fiches, one or several: choice, parts to keep, new dates, then the drafts. Duplication."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.passwords import token_hash
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Organisme, RevisionState
from backoffice.queries.fiches import scope as queries
from backoffice.queries.moderation.campaigns import open_to
from backoffice.queries.structures.scope import survivor
from backoffice.web.guard import requires
from backoffice.web.scope import acting_organisme, own_fiche
from backoffice.web.security import id_of
from forms.fiches.paths import PATHS
from forms.fiches.renewals import PARTS, PROPOSED
from workflows.case import Refused
from workflows.fiches import renewals
from workflows.fiches.renewals import Candidate, candidates

blueprint = Blueprint("renewals", __name__, url_prefix="/fiches")

NONE_CHOSEN = "Cochez au moins une fiche à reconduire."


@blueprint.get("/reconduire")
@blueprint.get("/reconduire/<int:organisme_id>")
@requires(Permission.WRITE_FICHE)
def choose(organisme_id: int | None = None) -> ResponseReturnValue:
    """Choice of fiches of one of the person's structures; with ?fiche=, the page of their dates."""
    if "fiche" in request.args:
        return dates_page(chosen())
    own = {membership.organisme_id: membership.organisme for membership in current_user.memberships}
    organisme = own.get(survivor(db.session(), organisme_id)) if organisme_id is not None else acting_organisme()
    return choice_page(organisme or abort(404), NONE_CHOSEN if "choix" in request.args else "")


def choice_page(organisme: Organisme, error: str = "") -> str:
    campaigns = open_to(db.session(), organisme, local_day(now()))
    found = candidates(db.session(), queries.renewable_fiches(db.session(), current_user, organisme))
    found.sort(key=lambda one: (bool(one.obstacle), one.last_day is None, one.last_day, one.fiche.id))
    return render_template(
        "fiches/renewals/choose.html",
        candidates=found[: renewals.MOST],
        most=renewals.MOST if len(found) > renewals.MOST else 0,
        campaigns=campaigns,
        organisme=organisme,
        parts=PARTS,
        error=error,
    )


def chosen() -> list[Candidate]:
    """The fiches named in the request, within the person's structures; 404 when there is none."""
    ids = request.values.getlist("fiche", type=id_of)[: renewals.MOST]
    found = candidates(db.session(), queries.own_fiches_among(db.session(), current_user, ids))
    return found or abort(404)


def kept_parts() -> frozenset[str]:
    """Keys of the parts that the person ticked; PROPOSED before the form was sent."""
    if "choix" not in request.values:
        return PROPOSED
    return frozenset(request.values.getlist("garder")) & {part.key for part in PARTS}


def dates_page(found: Sequence[Candidate], error: str = "") -> str:
    kept = kept_parts()
    plans = [(one, one.renewed(kept)) for one in found if not one.obstacle]
    return render_template(
        "fiches/renewals/dates.html",
        plans=[(one, plan, renewals.stamp(plan)) for one, plan in plans],
        refused=[one for one in found if one.obstacle],
        parts=PARTS,
        kept=kept,
        error=error,
    )


@blueprint.post("/reconduire")
@requires(Permission.WRITE_FICHE)
def renew() -> ResponseReturnValue:
    """Renews each fiche in its own transaction: a refusal does not affect the others."""
    kept, asked, refused = kept_parts(), chosen(), ""
    for one in asked:
        seen = request.form.get(f"vu-{one.fiche.id}", "")
        try:
            with atomic() as session:
                renewals.renew(session, one.fiche.id, kept, current_user, seen)
        except Refused as why:
            refused = why.message
    ids = [one.fiche.id for one in asked]
    if len(ids) > 1:
        return redirect(url_for(".result", fiche=ids), 303)
    if refused and not renewed_already(chosen()):
        return dates_page(chosen(), refused), 409
    flash("La fiche est reconduite : relisez-la, puis envoyez-la.", "success")
    return redirect(url_for("steps.review_form", fiche_id=ids[0]), 303)


def renewed_already(found: Sequence[Candidate]) -> bool:
    """Whether the renewed draft already exists: the button was pressed twice, or a colleague renewed the fiche."""
    drafts = [one.fiche for one in found if one.fiche.latest.state is RevisionState.BROUILLON]
    return bool(renewals.renewed_drafts(db.session(), drafts))


@blueprint.get("/reconduction")
@requires(Permission.WRITE_FICHE)
def result() -> ResponseReturnValue:
    """The result of the renewal for each fiche."""
    found = chosen()
    done = renewals.renewed_drafts(db.session(), [one.fiche for one in found])
    return render_template("fiches/renewals/result.html", found=found, done=done)


@blueprint.post("/<int:fiche_id>/dupliquer")
@requires(Permission.WRITE_FICHE)
def duplicate(fiche_id: int) -> ResponseReturnValue:
    """Creates a fiche with the content of this one. Idempotent: the same page sent twice creates one."""
    fiche = own_fiche(fiche_id)
    key = token_hash(f"{current_user.id} {fiche_id} {request.form.get('cle', '')}")[:40]
    with atomic() as session:
        made = renewals.duplicate(session, fiche, current_user, key)
    flash("C’est une nouvelle fiche, pareille à l’autre : changez ce qui la distingue.", "success")
    return redirect(url_for("steps.step_form", fiche_id=made.id, slug=PATHS[made.dispositif].steps[1].slug), 303)
