"""Assisted entry: a moderator writes a fiche for a structure of their territoires, for instance on the phone.

The step pages are those of the structure (views.fiches.steps). The history marks what a moderator wrote, and the
structure is notified.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.passwords import token_hash
from backoffice.core.permissions import Permission, Role
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import Dispositif, Organisme, Territoire
from backoffice.models.content.vocabulary import CATEGORIES
from backoffice.queries.structures import scope as queries
from backoffice.web.guard import requires
from backoffice.web.security import id_of
from forms.fiches.paths import PATHS
from forms.structures import new_structure
from workflows.fiches import operations
from workflows.structures import register_checks

blueprint = Blueprint("assisted_entry", __name__, url_prefix="/moderation/structures")


def helped(organisme_id: int) -> Organisme:
    """The structure, when it is in the moderator's territoires; else 404. The id of a merged one gives the kept one."""
    session = db.session()
    return queries.helped_structure(session, current_user, queries.survivor(session, organisme_id)) or abort(404)


@blueprint.get("/")
@requires(Permission.MODERATE)
def index() -> ResponseReturnValue:
    text = clean(request.args.get("q", ""))[:100]
    found = queries.helped_structures(db.session(), current_user, text)
    return render_template(
        "moderation/assisted_entry/list.html",
        structures=found[: queries.MOST],
        more=len(found) > queries.MOST,
        text=text,
    )


@blueprint.get("/<int:organisme_id>")
@requires(Permission.MODERATE)
def structure(organisme_id: int) -> ResponseReturnValue:
    return structure_page(helped(organisme_id))


def structure_page(organisme: Organisme, error: str = "") -> str:
    return render_template(
        "moderation/assisted_entry/structure.html",
        organisme=organisme,
        contact=organisme.said.contact,
        fiches=queries.fiches_of(db.session(), current_user, organisme),
        paths=PATHS,
        key=secrets.token_hex(16),
        error=error,
    )


@blueprint.post("/<int:organisme_id>/fiche")
@requires(Permission.MODERATE)
def new_fiche(organisme_id: int) -> ResponseReturnValue:
    """Creates a fiche of this structure, written by the moderator. Idempotent: the same page sent twice creates one."""
    organisme, dispositif = helped(organisme_id), request.form.get("dispositif", "")
    if dispositif not in set(PATHS):
        return structure_page(organisme, "Choisissez ce qu’il faut décrire."), 422
    page = request.form.get("cle", "")
    key = token_hash(f"{current_user.id} {organisme.id} {dispositif} {page}")[:40] if page else None
    with atomic() as session:
        fiche = operations.create_fiche(session, organisme, Dispositif(dispositif), current_user, key)
        operations.note_help(session, fiche.latest, current_user)
    return redirect(url_for("steps.step_form", fiche_id=fiche.id, slug=PATHS[fiche.dispositif].steps[0].slug), 303)


@blueprint.get("/nouvelle")
@requires(Permission.MODERATE)
def new() -> ResponseReturnValue:
    return new_page()


def territoires() -> dict[int, Territoire]:
    return {territoire.id: territoire for territoire in current_user.territoires(Role.MODERATEUR)}


def new_page(errors: Mapping[str, str] = MappingProxyType({}), known: Organisme | None = None) -> str:
    """errors: by field; known: the structure that already has this SIRET."""
    return render_template(
        "moderation/assisted_entry/new_structure.html",
        fields=new_structure.FIELDS,
        categories=CATEGORIES,
        territoires=territoires(),
        errors=errors,
        known=known,
    )


@blueprint.post("/nouvelle")
@requires(Permission.MODERATE, keeps_input=True)
def create() -> ResponseReturnValue:
    said, errors = new_structure.read(request.form)
    territoire = territoires().get(request.form.get("territoire", type=id_of) or 0)
    if territoire is None:
        errors["territoire"] = "Choisissez le territoire."
    known = queries.known_siret(db.session(), current_user, said.siret)
    if known is not None:
        errors["siret"] = f"Ce numéro SIRET est déjà celui de « {known.nom} »."
    if territoire is None or errors:
        return new_page(errors, known), 422
    with atomic() as session:
        made = operations.create_structure(session, current_user, territoire, said)
        register_checks.check(session, [made])
    flash(f"La structure « {said.nom} » est créée.", "success")
    return redirect(url_for(".structure", organisme_id=made.id), 303)
