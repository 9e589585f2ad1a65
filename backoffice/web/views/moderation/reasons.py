"""Reasons that a territoire gives with a decision: wording, addition, activation. A reason is never deleted."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.core.transactions import atomic
from backoffice.models import Territoire
from backoffice.queries.moderation.reasons import reasons
from backoffice.reference.reasons import Motif
from backoffice.web.guard import requires
from backoffice.web.scope import moderated_territoire
from forms.moderation.reasons import ReasonForm
from workflows.moderation.reasons import DECISIONS, word

blueprint = Blueprint("reasons", __name__, url_prefix="/moderation/motifs")


def known(territoire: Territoire, code: str) -> Motif:
    return reasons(db.session(), territoire.id).get(code) or abort(404)


@blueprint.get("/")
@requires(Permission.MODERATE)
def index() -> ResponseReturnValue:
    territoires = current_user.territoires(Role.MODERATEUR)
    lists = [(territoire, list(reasons(db.session(), territoire.id).values())) for territoire in territoires]
    return render_template("moderation/reasons/list.html", lists=lists, decisions=DECISIONS)


@blueprint.get("/<slug>/nouveau")
@requires(Permission.MODERATE)
def new(slug: str) -> ResponseReturnValue:
    return form_page(moderated_territoire(slug), ReasonForm())


@blueprint.post("/<slug>/nouveau")
@requires(Permission.MODERATE, keeps_input=True)
def create(slug: str) -> ResponseReturnValue:
    return keep(moderated_territoire(slug))


@blueprint.get("/<slug>/<code>")
@requires(Permission.MODERATE)
def reason(slug: str, code: str) -> ResponseReturnValue:
    territoire = moderated_territoire(slug)
    found = known(territoire, code)
    return form_page(territoire, ReasonForm.of(found), found)


@blueprint.post("/<slug>/<code>")
@requires(Permission.MODERATE, keeps_input=True)
def save(slug: str, code: str) -> ResponseReturnValue:
    territoire = moderated_territoire(slug)
    return keep(territoire, known(territoire, code))


def keep(territoire: Territoire, motif: Motif | None = None) -> ResponseReturnValue:
    form = ReasonForm.read(request.form)
    code, active = (motif.code, motif.active) if motif else ("", True)
    written = form.validated(code, tuple(DECISIONS), active=active)
    if written is None:
        return form_page(territoire, form, motif), 422
    with atomic() as session:
        word(session, territoire.id, written, current_user)
    flash("Le motif est enregistré. Les décisions déjà prises gardent les mots d’alors.", "success")
    return redirect(url_for(".index"), 303)


def form_page(territoire: Territoire, form: ReasonForm, motif: Motif | None = None) -> str:
    return render_template(
        "moderation/reasons/reason.html", territoire=territoire, form=form, motif=motif, decisions=DECISIONS
    )


@blueprint.post("/<slug>/<code>/<any(activer, desactiver):action>")
@requires(Permission.MODERATE)
def change(slug: str, code: str, action: str) -> ResponseReturnValue:
    territoire = moderated_territoire(slug)
    changed = replace(known(territoire, code), active=action == "activer")
    with atomic() as session:
        word(session, territoire.id, changed, current_user)
    flash("Le motif est de nouveau proposé." if changed.active else "Le motif n’est plus proposé.", "success")
    return redirect(url_for(".index"), 303)
