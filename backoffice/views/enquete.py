"""The survey of the Plan national d’évaluation, followed for many conventions at once."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.extensions import db
from backoffice.models import ContactState, Convention
from backoffice.models.base import now
from backoffice.models.dates import local_day
from backoffice.permissions import Permission
from backoffice.queries import conventions as conventions_queries
from backoffice.queries import enquete as queries
from backoffice.reference.mailboxes import is_private
from backoffice.transactions import atomic
from exports.importing.files import read_table
from exports.importing.reading import UnreadableFile
from forms.obligations import past_day
from workflows import survey

from .guard import requires

blueprint = Blueprint("enquete", __name__, url_prefix="/conventions/enquete")

LARGEST_LIST = 2_000_000


def year() -> int:
    """The one that is looked at: this year unless another is asked for."""
    asked = request.values.get("annee", "")
    return int(asked) if asked.isdecimal() and len(asked) == 4 else local_day(now()).year


@blueprint.get("/")
@requires(Permission.FUND)
def liste() -> ResponseReturnValue:
    return list_page()


def list_page(error: str = "") -> str:
    asked = {name: request.args.get(name, "") for name in ("contact", "questionnaire")}
    page = queries.page(db.session(), current_user, year(), asked, request.args.get("page", 1, type=int))
    return render_template(
        "conventions/enquete.html",
        page=page,
        asked=asked,
        year=year(),
        years=conventions_queries.years(db.session(), current_user),
        contacts=ContactState,
        states=queries.QUESTIONNAIRE,
        shared=queries.shared_addresses(db.session(), page.rows),
        is_private=is_private,
        steps=survey.LABELS,
        error=error,
    )


def chosen() -> Sequence[Convention]:
    """The ticked conventions of this very year that the person follows; the others do not exist for them."""
    ids = [number for number in request.form.getlist("convention", type=int) if number is not None]
    return queries.of_year(db.session(), current_user, year(), ids)


@blueprint.post("/")
@requires(Permission.FUND)
def noter() -> ResponseReturnValue:
    name, picked = request.form.get("etape", ""), chosen()
    if name not in survey.STEPS or not picked:
        return list_page("Cochez au moins une convention, et dites ce qu’il faut noter."), 422
    try:
        day = past_day(request.form.get("jour", ""))
    except ValueError as error:
        return list_page(str(error)), 422
    with atomic() as session:
        done = survey.note(session, current_user, picked, name, day)
        refused = [(row.reference, why) for row, why in done.refused]
    count = len(done.taken)
    flash(f"{survey.LABELS[name]} : noté pour {count} convention{'s' if count > 1 else ''}.", "success")
    for reference, why in refused[:10]:
        flash(f"{reference} : {why}", "warning")
    return redirect(url_for(".liste", annee=year()), 303)


@blueprint.post("/repondants")
@requires(Permission.FUND, largest_upload=LARGEST_LIST)
def repondants() -> ResponseReturnValue:
    """Reads the survey's own list and shows whom it names; nothing is written, and the list is not kept."""
    sent = request.files.get("fichier")
    if sent is None or not sent.filename:
        return list_page("Choisissez la liste des répondants."), 422
    try:
        table = read_table(sent.stream.read(LARGEST_LIST), least=1)
    except UnreadableFile as unreadable:
        return list_page(f"Cette liste n’a pas pu être lue. {unreadable}"), 422
    scope = conventions_queries.funded(current_user)
    found = survey.respondents(db.session(), table, scope, year())
    return render_template("conventions/repondants.html", found=found, year=year())
