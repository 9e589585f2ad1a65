"""Structures entered twice: likely pairs, marked as different, or merged after a side-by-side comparison."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.models import Organisme
from backoffice.models.structures.structure import standings
from backoffice.queries.search import search as found_by
from backoffice.queries.structures import page as queries
from backoffice.web.guard import requires
from workflows.case import Refused
from workflows.structures import duplicates, merge, merge_identity

blueprint = Blueprint("structure_duplicates", __name__, url_prefix="/structures/doublons")

FOLLOWERS = {
    "fiche": ("fiche", "fiches"),
    "membership": ("personne", "personnes"),
    "convention": ("convention", "conventions"),
    "support": ("demande à une structure porteuse", "demandes à une structure porteuse"),
    "campaign_invitation": ("invitation à une campagne", "invitations à une campagne"),
    "import_job": ("import", "imports"),
    "structure_check": ("vérification", "vérifications"),
    "organisme": ("structure déjà réunie", "structures déjà réunies"),
}
"""{table: (singular, plural)} of the rows that a merge moves; rows of other tables are counted together, as REST."""
REST = ("autre élément", "autres éléments")
CONFIRMED = "oui"


def joined(organisme_id: int) -> Organisme:
    """A structure, not merged, that the person may merge with another; else 404."""
    session = db.session()
    found = session.scalars(duplicates.within(current_user).where(Organisme.id == organisme_id)).first()
    return found or abort(404)


@blueprint.get("/")
@requires(Permission.MANAGE_STRUCTURES)
def index() -> ResponseReturnValue:
    return list_page()


def list_page(error: str = "") -> str:
    session = db.session()
    pairs = duplicates.likely(session, current_user)
    most = duplicates.MOST
    shown = pairs[:most]
    return render_template(
        "structures/duplicates.html",
        pairs=shown,
        more=len(pairs) > most,
        sizes=duplicates.sizes(session, [one for pair in shown for one in (pair.first, pair.second)]),
        error=error,
    )


@blueprint.post("/distinguer")
@requires(Permission.MANAGE_STRUCTURES)
def set_apart() -> ResponseReturnValue:
    one, two = (joined(_number(request.form.get(name, ""))) for name in ("une", "autre"))
    try:
        with atomic() as session:
            duplicates.tell_apart(session, one.id, two.id, current_user)
    except Refused as refused:
        return list_page(refused.message), 409
    flash("C’est noté : ces deux structures sont différentes.", "success")
    return redirect(url_for(".index"), 303)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


@blueprint.get("/<int:organisme_id>")
@requires(Permission.MANAGE_STRUCTURES)
def search(organisme_id: int) -> ResponseReturnValue:
    """Search of the other structure of the pair; 20 results at most."""
    organisme, text = joined(organisme_id), clean(request.args.get("q", ""))[:100]
    return render_template(
        "structures/choose_other.html", organisme=organisme, text=text, found=_found(db.session(), organisme, text)
    )


def _found(session: Session, organisme: Organisme, text: str) -> list[Organisme]:
    if not text:
        return []
    query = found_by(duplicates.within(current_user).where(Organisme.id != organisme.id), text)
    return list(session.scalars(query.order_by(Organisme.nom, Organisme.id).limit(20)))


@blueprint.get("/<int:kept_id>/<int:gone_id>")
@requires(Permission.MANAGE_STRUCTURES)
def merge_form(kept_id: int, gone_id: int) -> ResponseReturnValue:
    if kept_id == gone_id:
        abort(404)
    return merge_page(joined(kept_id), joined(gone_id))


def merge_page(kept: Organisme, gone: Organisme, error: str = "") -> str:
    session = db.session()
    moving = merge.preview(session, gone)
    rest = sum(count for table, count in moving.items() if table not in FOLLOWERS)
    lines = [(moving[table], *words) for table, words in FOLLOWERS.items() if table in moving]
    return render_template(
        "structures/merge.html",
        kept=kept,
        gone=gone,
        choices=merge_identity.choices(session, kept, gone),
        standings={row.id: standings(row, queries.checks_of(session, row)) for row in (kept, gone)},
        moving=[*lines, *([(rest, *REST)] if rest else [])],
        confirmed=CONFIRMED,
        error=error,
    )


@blueprint.post("/<int:kept_id>/<int:gone_id>")
@requires(Permission.MANAGE_STRUCTURES)
def merge_action(kept_id: int, gone_id: int) -> ResponseReturnValue:
    kept, gone = joined(kept_id), joined(gone_id)
    if request.form.get("confirmation") != CONFIRMED:
        return merge_page(kept, gone, "Cochez la case qui confirme : une fusion ne se défait pas."), 422
    sides = (merge_identity.KEPT, merge_identity.GONE)
    chosen = {name: side for name in merge_identity.PARTS if (side := request.form.get(name, "")) in sides}
    names = kept.nom, gone.nom
    try:
        with atomic() as session:
            merge.merge(session, kept_id, gone_id, chosen, current_user)
    except Refused as refused:
        return list_page(refused.message), 409
    flash(f"« {names[1]} » et « {names[0]} » sont réunies. Leurs personnes sont prévenues.", "success")
    return redirect(url_for("structures.structure", organisme_id=kept_id), 303)
