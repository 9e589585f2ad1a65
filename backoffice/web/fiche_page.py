"""The page of a fiche, also used to show refused actions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from flask import render_template
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.models import Fiche, RevisionState
from backoffice.models.transition_names import FicheTransition
from backoffice.queries.conventions.scope import payable
from backoffice.queries.fiches import scope as queries
from backoffice.queries.fiches.register_alerts import alerts_of
from backoffice.queries.fiches.visibility import visibility
from backoffice.queries.flux.sightings import sightings_of
from forms.kit.step_diff import Difference
from workflows.fiches.engine import available
from workflows.fiches.published_faults import faults_of
from workflows.fiches.transitions import TransitionRow
from workflows.moderation.corrections import contestable, contestation_of, version_of_structure

from .version_context import answered, corrections


def fiche_page(fiche: Fiche, error: str = "", unsaved: Sequence[Difference] = (), typed: str = "") -> str:
    """The page. unsaved, typed: input that could not be saved, shown so that it can be copied."""
    latest, corrected, session = fiche.latest, contestable(fiche), db.session()
    return render_template(
        "fiches/fiche.html",
        fiche=fiche,
        revision=latest,
        content=version_of_structure(fiche).content,
        history=queries.history(session, fiche),
        transitions=[step for step in available(current_user, fiche, latest) if offered(step)],
        asked=answered(session, fiche, latest) if latest.state is RevisionState.BROUILLON else [],
        corrected=corrected,
        corrections=corrections(fiche, corrected) if corrected else [],
        contested=contestation_of(session, corrected) if corrected else None,
        error=error,
        unsaved=unsaved,
        typed=typed,
        grants=payable(session, current_user, fiche),
        copy_key=secrets.token_hex(16),
        visible=visibility(session, [fiche]).get(fiche.id),
        sightings=sightings_of(session, [fiche.id]).get(fiche.id) if fiche.fragment_id else None,
        alerts=alerts_of(session, [fiche.id]).get(fiche.id),
        faults=faults_of(session, [fiche]).get(fiche.id),
    )


def offered(transition: TransitionRow) -> bool:
    """Whether this page shows its button. Submission is on the review page, moderators' transitions on theirs."""
    return Permission.WRITE_FICHE in transition.permissions and transition.name != FicheTransition.SOUMETTRE
