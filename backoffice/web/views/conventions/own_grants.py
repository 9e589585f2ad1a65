"""A structure's own grants, in words: what is left for it to do, and the rule that asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Convention, Fiche
from backoffice.queries.conventions import scope as queries
from backoffice.queries.fiches.scope import own_fiche
from backoffice.web.guard import requires
from backoffice.web.views.accounts.login import acting_organisme
from workflows.conventions.operations import keep_ties

blueprint = Blueprint("own_grants", __name__, url_prefix="/subventions")

SHOWN, PAYS = "convention:", "convention_paie:"
"""Begin the names of two fields of each grant: it was on the page, and it was ticked."""


@blueprint.get("/")
@requires(Permission.WRITE_FICHE)
def liste() -> ResponseReturnValue:
    organisme = acting_organisme()
    found = queries.own_conventions(db.session(), current_user, organisme.id) if organisme else []
    return render_template("conventions/own_grants.html", conventions=found, organisme=organisme)


def payable(fiche: Fiche) -> Sequence[Convention]:
    """What the pages of this fiche offer: the grants of its structure that may pay for it."""
    return queries.payable(db.session(), current_user, fiche)


def said() -> dict[int, bool]:
    """What a page says of each grant that it showed; see templates/macros/grants.html."""
    shown = [name.removeprefix(SHOWN) for name in request.form if name.startswith(SHOWN)]
    return {int(id_): f"{PAYS}{id_}" in request.form for id_ in shown if id_.isdecimal() and len(id_) < 10}


def pairs() -> list[tuple[str, str]]:
    """The same, as it was posted."""
    return [(name, text) for name, text in request.form.items(multi=True) if name.startswith((SHOWN, PAYS))]


@blueprint.post("/fiches/<int:fiche_id>")
@requires(Permission.WRITE_FICHE)
def rattacher(fiche_id: int) -> ResponseReturnValue:
    fiche = own_fiche(db.session(), current_user, fiche_id) or abort(404)
    with atomic() as session:
        keep_ties(session, current_user, fiche, said())
    flash("Les subventions de cette fiche sont à jour.", "success")
    return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
