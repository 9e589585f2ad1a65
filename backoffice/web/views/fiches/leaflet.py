"""Files made from a fiche for its structure: a leaflet for learners, and the meetings as an iCalendar file."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.models import Fiche, FicheState
from backoffice.models.content import Action, Contenu, Lieu
from backoffice.web.guard import requires
from backoffice.web.scope import entered_fiche
from exports.documents import agenda
from workflows.fiches.publication import current_content
from workflows.moderation.corrections import version_of_structure

blueprint = Blueprint("leaflet", __name__, url_prefix="/fiches/<int:fiche_id>")

DRAFT = "brouillon"


@dataclass(frozen=True)
class Asked:
    """The content to show: the published one, with fast-lane values; else, or with ?version=brouillon, the latest."""

    fiche: Fiche
    content: Contenu
    published: bool


def asked(fiche_id: int) -> Asked:
    fiche = entered_fiche(fiche_id)
    published = fiche.published_revision if fiche.state is FicheState.PUBLIEE else None
    if published is not None and request.args.get("version") != DRAFT:
        return Asked(fiche, current_content(db.session(), published), published=True)
    return Asked(fiche, version_of_structure(fiche).content, published=False)


def by_place(content: Contenu, actions: list[Action]) -> list[tuple[Lieu | None, list[Action]]]:
    """[(location, its groups)]: each location once, in the order of the groups."""
    found: list[tuple[Lieu | None, list[Action]]] = []
    for action in actions:
        place = content.place_of(action)
        groups = next((groups for known, groups in found if known is place), None)
        if groups is None:
            found.append((place, [action]))
        else:
            groups.append(action)
    return found


@blueprint.get("/affichette")
@requires(Permission.ENTER_FICHE)
def leaflet(fiche_id: int) -> ResponseReturnValue:
    """The leaflet; ?groupe=<id> keeps one group."""
    shown, group = asked(fiche_id), request.args.get("groupe", "")
    actions = [action for action in shown.content.actions if group in ("", action.id)]
    if group and not actions:
        abort(404)
    places = by_place(shown.content, actions)
    return render_template("fiches/leaflet.html", shown=shown, content=shown.content, places=places, group=group)


@blueprint.get("/seances.ics")
@requires(Permission.ENTER_FICHE)
def meetings(fiche_id: int) -> ResponseReturnValue:
    shown = asked(fiche_id)
    key = shown.fiche.numero or f"fiche-{shown.fiche.id}"
    made = agenda.calendar(shown.content, key, version_of_structure(shown.fiche).saved_at) or abort(404)
    headers = {
        "Content-Type": "text/calendar; charset=utf-8",
        "Content-Disposition": f"attachment; filename=seances-{key}.ics",
    }
    return made, 200, headers
