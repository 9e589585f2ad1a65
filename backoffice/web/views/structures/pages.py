"""The page of a structure: identity, verification of its numbers, contacts, locations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Organisme, Subject
from backoffice.models.accounts.account import NUMBERS
from backoffice.models.structures.structure import standings
from backoffice.queries.structures import page as queries
from backoffice.web.guard import requires
from backoffice.web.scope import shown_structure
from forms.structures.pages import CHANGE_WORDS, read_verdict
from workflows.case import Refused
from workflows.structures import number_checks, operations, register_checks

blueprint = Blueprint("structures", __name__, url_prefix="/structures")


@blueprint.get("/<int:organisme_id>")
@requires(Permission.KEEP_STRUCTURE)
def structure(organisme_id: int) -> ResponseReturnValue:
    organisme = shown_structure(organisme_id)
    if organisme.id != organisme_id:
        return redirect(url_for(".structure", organisme_id=organisme.id), 301)
    return page(organisme)


def page(organisme: Organisme, error: str = "", errors: Mapping[str, str] = MappingProxyType({})) -> str:
    """errors: by field, of the verification form; its answers are shown again."""
    session = db.session()
    said = operations.known_structure(session, organisme)
    return render_template(
        "structures/structure.html",
        organisme=organisme,
        said=said,
        standings=standings(organisme, queries.checks_of(session, organisme)),
        numbers={Subject(name): getattr(organisme, name) for name in NUMBERS},
        gaps=operations.gaps(organisme, queries.last_fiches(session, organisme)),
        qualiopi=operations.qualiopi_of(organisme),
        contact_of=lambda usage: operations.contact_of(organisme, said, usage),
        past_places=operations.past_places(session, organisme),
        place_key=operations.key,
        supports=queries.supports_of(session, organisme),
        members=queries.members_of(session, organisme),
        merges=queries.merges_of(session, organisme),
        changes=queries.changes_of(session, organisme),
        change_words=CHANGE_WORDS,
        subjects={str(one): one.label for one in Subject if one.value_of(organisme)},
        error=error,
        errors=errors,
    )


@blueprint.post("/<int:organisme_id>/verification")
@requires(Permission.MANAGE_STRUCTURES, keeps_input=True)
def check(organisme_id: int) -> ResponseReturnValue:
    organisme = shown_structure(organisme_id)
    verdict, errors = read_verdict(request.form)
    if verdict is None:
        return page(organisme, errors=errors), 422
    try:
        with atomic() as session:
            number_checks.verify(session, organisme.id, verdict, current_user)
    except Refused as refused:
        return page(shown_structure(organisme_id), errors={"objet": refused.message}), 409
    flash("Votre vérification est notée, avec votre nom et la date.", "success")
    return redirect(url_for(".structure", organisme_id=organisme.id, _anchor="verification"), 303)


@blueprint.post("/<int:organisme_id>/lieux/garder")
@requires(Permission.KEEP_STRUCTURE)
def keep_location(organisme_id: int) -> ResponseReturnValue:
    """Keeps a location found in the structure's fiches; the field «lieu» is its key."""
    organisme = shown_structure(organisme_id)
    try:
        with atomic() as session:
            kept = operations.keep_place(session, organisme.id, request.form.get("lieu", ""), current_user)
    except Refused as refused:
        return page(shown_structure(organisme_id), refused.message), 409
    flash(f"« {kept.name} » est gardé : vous pourrez le choisir dans vos fiches.", "success")
    return redirect(url_for(".structure", organisme_id=organisme.id, _anchor="lieux"), 303)


@blueprint.post("/<int:organisme_id>/numeros/reprendre")
@requires(Permission.KEEP_STRUCTURE)
def take_number(organisme_id: int) -> ResponseReturnValue:
    """Copies a number from a fiche to the structure; 409 when no fiche gives it any more."""
    organisme, name = shown_structure(organisme_id), request.form.get("numero", "")
    wanted = (name, request.form.get("valeur", ""))
    offered = operations.gaps(organisme, queries.last_fiches(db.session(), organisme))
    if wanted not in {(gap.name, gap.theirs) for gap in offered}:
        return page(organisme, "Aucune de vos fiches ne donne plus ce numéro : rien n’a été changé."), 409
    try:
        with atomic() as session:
            register_checks.take_number(session, organisme.id, *wanted, current_user)
    except Refused as refused:
        return page(shown_structure(organisme_id), refused.message), 409
    flash("Le numéro de la structure est à jour.", "success")
    return redirect(url_for(".structure", organisme_id=organisme.id, _anchor="numeros"), 303)
