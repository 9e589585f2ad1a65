"""The page where a moderator reads a revision and decides, also used to show refused transitions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import render_template, request
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.models import Revision
from backoffice.models.structures.structure import standings
from backoffice.queries.fiches import scope as fiche_queries
from backoffice.queries.fiches.register_alerts import alerts_of
from backoffice.queries.moderation.moderation_rules import hits_of
from backoffice.queries.moderation.reasons import offered
from backoffice.queries.moderation.remarks import sentences
from backoffice.queries.structures.page import checks_of
from exports.fragment.reader_views import views
from forms.fiches.paths import PATHS
from forms.fiches.review import review_of
from forms.fiches.sheet import sheet
from workflows.case import Refused
from workflows.fiches.engine import available
from workflows.fiches.fragment_refresh import refusal
from workflows.fiches.published_faults import faults_of
from workflows.moderation import remarks
from workflows.moderation.corrections import contestation_of
from workflows.moderation.duplicates import lookalikes
from workflows.structures.carriers import support_of
from workflows.territoires.assignment import destination

from . import version_context
from .security import id_of


def version_page(
    revision: Revision,
    refused: Refused | None = None,
    comment: str = "",
    asked: str = "",
    motif: str = "",
    typed: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """refused: the error, `asked`: name of the refused transition; comment, motif, typed: the input to show again."""
    fiche, session = revision.fiche, db.session()
    content, path = revision.content, PATHS[fiche.dispositif]
    pinned = remarks.pinned(session, revision)
    transitions = [step for step in available(current_user, fiche, revision) if not step.apart]
    return render_template(
        "moderation/version.html",
        fiche=fiche,
        revision=revision,
        content=content,
        review=review_of(revision),
        views=views(content, fiche.dispositif),
        hits=hits_of(session, revision),
        history=fiche_queries.history(session, fiche),
        transitions=transitions,
        motifs={t.name: offered(session, fiche.territoire_id, t.name) for t in transitions if t.reasons},
        refused=refused,
        comment=comment,
        asked=asked,
        motif=motif,
        typed=typed or {"champ": request.args.get("champ", "")},
        since=version_context.since(session, fiche, revision, request.args.get("depuis", type=id_of)),
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
        refusal=refusal(session, fiche) if revision.id == fiche.published_revision_id else (),
        faults=faults_of(session, [fiche]).get(fiche.id),
        standings=standings(fiche.organisme, checks_of(session, fiche.organisme)),
        destination=destination(session, fiche, content),
    )
