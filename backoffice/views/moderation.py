"""The page where a version is read and decided; the queue is in moderation_file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.extensions import db
from backoffice.models import Revision
from backoffice.models.structure import standings
from backoffice.models.text import clean
from backoffice.permissions import Permission
from backoffice.queries import fiches as fiche_queries
from backoffice.queries.alerts import alerts_of
from backoffice.queries.moderation_rules import hits_of
from backoffice.queries.queue import moderated_revision
from backoffice.queries.reasons import offered
from backoffice.queries.remarks import sentences
from backoffice.queries.structure_page import checks_of
from backoffice.transactions import atomic
from forms.paths import PATHS
from forms.sheet import sheet
from workflows import remarks
from workflows.carriers import support_of
from workflows.case import Refused
from workflows.corrections import contestation_of
from workflows.definition import TRANSITIONS
from workflows.duplicates import lookalikes
from workflows.engine import apply, available
from workflows.territoires import destination

from . import entry, moderation_suite
from .guard import requires
from .saisie import review_of

blueprint = Blueprint("moderation", __name__, url_prefix="/moderation")


def moderated(revision_id: int) -> Revision:
    """The version, when it is of one of the moderator's territoires; else 404."""
    return moderated_revision(db.session, current_user, revision_id) or abort(404)


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
        since=entry.since(session, fiche, revision, request.args.get("depuis", type=int)),
        bases=entry.bases(fiche, revision),
        corrections=entry.corrections(fiche, revision),
        contested=contestation_of(session, revision),
        sheet=sheet(content, path),
        pinned=pinned,
        pinned_at=entry.by_path(content, pinned),
        dealt=entry.answered(session, fiche, revision),
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
        return redirect(url_for("correction.relecture", fiche_id=revision.fiche_id), 303)
    flash(f"La fiche a été {wanted.done}.", "success")
    return redirect(moderation_suite.onward(wanted, revision_id), 303)
