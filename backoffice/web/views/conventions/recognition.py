"""Recognition: the funder chooses the structure of a convention when the import could not tell."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import Convention, Organisme
from backoffice.queries.conventions import scope as queries
from backoffice.web.guard import requires
from workflows.conventions import operations
from workflows.conventions.recognition import recognise

blueprint = Blueprint("recognition", __name__, url_prefix="/conventions/rattachements")

SHOWN = 20
NOBODY = "aucune"


@blueprint.get("/")
@requires(Permission.FUND)
def index() -> ResponseReturnValue:
    session = db.session()
    rows = queries.unsettled(session, current_user, SHOWN)
    doubts = [(row, recognise(session, row.territoire_id, row).candidates) for row in rows]
    return render_template(
        "conventions/recognitions.html",
        doubts=doubts,
        total=queries.unsettled_count(session, current_user),
        nobody=NOBODY,
    )


@blueprint.post("/")
@requires(Permission.FUND)
def set_action() -> ResponseReturnValue:
    """Settles the conventions of the page for which a choice was made; the others stay in the list."""
    settled = 0
    with atomic() as session:
        for row in queries.unsettled(session, current_user, SHOWN):
            said = request.form.get(f"convention-{row.id}", "")
            if said:
                settle(row, said)
                settled += 1
    flash(f"{settled} convention{'s' if settled > 1 else ''} réglée{'s' if settled > 1 else ''}.", "success")
    return redirect(url_for(".index"), 303)


def settle(convention: Convention, said: str) -> None:
    """Writes the choice, then runs recognition again for the convention.

    said: id of a structure of the territoire, or NOBODY; else 404.
    """
    organisme = None if said == NOBODY else structure(convention, said)
    operations.attach(db.session(), current_user, convention.id, organisme)
    operations.recognise_one(db.session(), current_user, convention)


def structure(convention: Convention, said: str) -> Organisme:
    number = int(said) if said.isdecimal() and len(said) < 10 else 0
    return queries.structure_in(db.session(), convention.territoire_id, number) or abort(404)


@blueprint.get("/<int:convention_id>")
@requires(Permission.FUND)
def convention(convention_id: int) -> ResponseReturnValue:
    """One convention, settled or not: candidates, and a search of structures by name or SIRET."""
    found = queries.funded_convention(db.session(), current_user, convention_id) or abort(404)
    text = clean(request.args.get("q", ""))[:100]
    return render_template(
        "conventions/recognition.html",
        convention=found,
        candidates=recognise(db.session(), found.territoire_id, found).candidates,
        found=queries.structures_like(db.session(), found.territoire_id, text) if text else [],
        text=text,
        nobody=NOBODY,
    )


@blueprint.post("/<int:convention_id>")
@requires(Permission.FUND)
def tie(convention_id: int) -> ResponseReturnValue:
    found = queries.funded_convention(db.session(), current_user, convention_id) or abort(404)
    with atomic():
        settle(found, request.form.get("structure", ""))
    flash("La structure de cette convention est à jour.", "success")
    return redirect(url_for("conventions.convention", convention_id=convention_id), 303)
