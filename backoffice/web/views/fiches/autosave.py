"""A step saved on its own while it is typed: by the same rules as its button, answered in JSON."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import limiter
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.web.guard import requires
from backoffice.web.views.moderation import corrections
from forms.fiches import review as reviews
from forms.kit.saving import stamp
from workflows.case import Refused

from . import steps
from .steps import STRUCTURE, Desk, Posting, Stale, find_step, review_of

STALE = (
    "Cette étape a été modifiée ailleurs : un autre onglet, un autre appareil ou un collègue. Rien n’est perdu : "
    "appuyez sur « Enregistrer et continuer » pour voir les deux versions."
)


def _person() -> str:
    """A room of volunteers has one address: each is counted apart."""
    return str(current_user.id) if current_user.is_authenticated else str(request.remote_addr)


allowed = limiter.shared_limit("60/minute;1500/hour", scope="brouillon", key_func=_person)
"""One sending each two seconds at most comes from our page; another page may not keep the base busy."""


@steps.blueprint.post("/saisie/<slug>/brouillon")
@allowed
@requires(Permission.ENTER_FICHE, keeps_input=True)
def brouillon(fiche_id: int, slug: str) -> ResponseReturnValue:
    return autosave(STRUCTURE, fiche_id, slug)


@corrections.blueprint.post("/moderation/fiches/<int:fiche_id>/correction/<slug>/brouillon", endpoint="brouillon")
@allowed
@requires(Permission.MODERATE, keeps_input=True)
def brouillon_corrige(fiche_id: int, slug: str) -> ResponseReturnValue:
    return autosave(corrections.DESK, fiche_id, slug)


def autosave(desk: Desk, fiche_id: int, slug: str) -> ResponseReturnValue:
    """200: {"empreinte": the new stamp, "reperes": {field: local id}, "score", "manques": how many, "aide": HTML}.

    409: {"cause": "conflit" or "fermee", "message"}; nothing was written.
    """
    fiche = desk.load(fiche_id)
    path, step = find_step(fiche, slug)
    page = Posting(desk, step)
    try:
        with atomic() as session:
            page.keep(session, fiche_id)
    except Stale:
        return {"cause": "conflit", "message": STALE}, 409
    except Refused as refused:
        return {"cause": "fermee", "message": refused.message}, 409
    fiche = desk.load(fiche_id)
    stored = fiche.latest
    found = reviews.help_of(step, path, review_of(fiche, stored))
    return {
        "empreinte": stamp(step, stored.content, stored.pending),
        "reperes": page.saved.ids,
        "score": found.score,
        "manques": len(found.lacking),
        "aide": render_template("fiches/steps/guidance.html", guidance=found, fiche=fiche, desk=desk.name),
    }
