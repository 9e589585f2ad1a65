"""The funders' board: the funded projects of a year, their three obligations, and which are late."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.models import ObligationKind
from backoffice.queries.conventions import board
from backoffice.queries.conventions.board_filters import SORTS, WHAT
from backoffice.queries.paging import Place
from backoffice.queries.territoires.coverage import departements_of
from backoffice.reference.communes import departements
from backoffice.reference.programmes import obligations as rules
from backoffice.reference.programmes import programmes
from backoffice.web.board import asked
from backoffice.web.guard import requires

blueprint = Blueprint("board", __name__, url_prefix="/suivi")


@blueprint.get("/")
@requires(Permission.READ_REPORT)
def home() -> ResponseReturnValue:
    filters, known = asked()
    session = db.session()
    rows, page = board.page(session, current_user, filters, Place.read(request.args))
    return render_template(
        "conventions/board/board.html",
        filters=filters,
        years=sorted({*known, filters.annee}, reverse=True),
        options=options(),
        rows=rows,
        page=page,
        figures=board.figures(session, current_user, filters),
        may_remind=current_user.can(Permission.FUND),
        kinds=ObligationKind,
        rules=rules(),
        programme_name=lambda code: programmes()[code].label if code in programmes() else code,
        departement_name=lambda code: f"{code} – {departements()[code].nom}" if code in departements() else code,
    )


def options() -> dict[str, dict[str, str]]:
    """{filter: {value: label}}; only the programmes and départements that the person follows."""
    assigned = [row for row in current_user.assignments if row.role in (Role.FINANCEUR, Role.MODERATEUR)]
    funding = [row for row in assigned if row.role is Role.FINANCEUR]
    whole = {row.territoire_id for row in funding if not row.departements}
    codes = {code for row in funding for code in row.departements}
    codes |= departements_of(db.session(), whole | current_user.territoire_ids(Role.MODERATEUR)).keys()
    named = None if any(not row.programmes for row in assigned) else {p for row in assigned for p in row.programmes}
    return {
        "programme": {code: row.label for code, row in programmes().items() if named is None or code in named},
        "departement": {code: f"{code} – {row.nom}" for code, row in departements().items() if code in codes},
        "etat": {name: choice.words for name, choice in WHAT.items()},
        "tri": dict(SORTS),
    }


@blueprint.get("/non-financees")
@requires(Permission.READ_REPORT)
def unfunded() -> ResponseReturnValue:
    """Published fiches that no project of the year funds."""
    filters, known = asked()
    fiches = board.unfunded(db.session(), current_user, filters)
    return render_template(
        "conventions/board/unfunded.html",
        filters=filters,
        years=sorted({*known, filters.annee}, reverse=True),
        options=options(),
        fiches=fiches,
    )
