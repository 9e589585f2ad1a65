"""The page where a version is read and decided; the queue is in moderation_file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import Revision
from backoffice.models.structures.structure import standings
from backoffice.queries.fiches import scope as fiche_queries
from backoffice.queries.fiches.register_alerts import alerts_of
from backoffice.queries.moderation.moderation_rules import hits_of
from backoffice.queries.moderation.queue import moderated_revision
from backoffice.queries.moderation.reasons import offered
from backoffice.queries.moderation.remarks import sentences
from backoffice.queries.structures.page import checks_of
from backoffice.web import next_in_queue, version_context
from backoffice.web.guard import requires
from backoffice.web.views.fiches.steps import review_of
from forms.fiches.paths import PATHS
from forms.fiches.sheet import sheet
from workflows.case import Refused
from workflows.fiches.engine import apply, available
from workflows.fiches.transitions import TRANSITIONS
from workflows.moderation import remarks
from workflows.moderation.corrections import contestation_of
from workflows.moderation.duplicates import lookalikes
from workflows.structures.carriers import support_of
from workflows.territoires.assignment import destination

blueprint = Blueprint("moderation", __name__, url_prefix="/moderation")


def moderated(revision_id: int) -> Revision:
    """The version, when it is of one of the moderator's territoires; else 404."""
    return moderated_revision(db.session(), current_user, revision_id) or abort(404)


@blueprint.get("/<int:revision_id>")
@requires(Permission.MODERATE)
def version(revision_id: int) -> ResponseReturnValue:
    return version_page(moderated(revision_id))


def version_page(
    revision: Revision,
    refused: Refused | None = None,
    comment: str = "",
    asked: str = "",
    motif: str = "",
    typed: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """refused: what could not be done, `asked` its name; `comment`, `motif` and `typed` what was written meanwhile."""
    fiche, session = revision.fiche, db.session()
    content, path = revision.content, PATHS[fiche.dispositif]
    pinned = remarks.pinned(session, revision)
    transitions = [step for step in available(current_user, fiche, revision) if not step.apart]
    return render_template(
        "moderation/version.html",
        fiche=fiche,
        revision=revision,
        content=content,
        review=review_of(fiche, revision),
        hits=hits_of(session, revision),
        history=fiche_queries.history(session, fiche),
        transitions=transitions,
        motifs={t.name: offered(session, fiche.territoire_id, t.name) for t in transitions if t.reasons},
        refused=refused,
        comment=comment,
        asked=asked,
        motif=motif,
        typed=typed or {"champ": request.args.get("champ", "")},
        since=version_context.since(session, fiche, revision, request.args.get("depuis", type=int)),
        bases=version_context.bases(fiche, revision),
        corrections=version_context.corrections(fiche, revision),
        contested=contestation_of(session, revision),
        sheet=sheet(content, path),
        pinned=pinned,
        pinned_at=version_context.by_path(content, pinned),
        dealt=version_context.answered(session, fiche, revision),
        earlier=remarks.earlier(session, fiche, revision),
        sentences=sentences(session, fiche.territoire_id),
        lookalikes=lookalikes(session, fiche, revision),
        support=support_of(session, fiche, content),
        alerts=alerts_of(session, [fiche.id]).get(fiche.id),
        standings=standings(fiche.organisme, checks_of(session, fiche.organisme)),
        destination=destination(session, fiche, content),
    )


@blueprint.post("/<int:revision_id>/<name>")
@requires(Permission.MODERATE, keeps_input=True)
def decider(revision_id: int, name: str) -> ResponseReturnValue:
    revision = moderated(revision_id)
    wanted = TRANSITIONS.get(name)
    if wanted is None or wanted.permission is not Permission.MODERATE or wanted.apart:
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
    if name == "corriger":
        return redirect(url_for("corrections.relecture", fiche_id=revision.fiche_id), 303)
    flash(f"La fiche a été {wanted.done}.", "success")
    return redirect(next_in_queue.onward(wanted, revision_id), 303)
