"""Follow-up of the Plan national d’évaluation survey, for several conventions at once."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core import uploads
from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import ContactState, Convention, ImportJob, ImportKind, JobStatus
from backoffice.queries.conventions import pne_survey as queries
from backoffice.queries.conventions import scope as conventions_queries
from backoffice.queries.importing import jobs as imports
from backoffice.queries.paging import Place
from backoffice.reference.mailboxes import is_private
from backoffice.web.guard import requires
from backoffice.web.security import id_of
from exports.importing.files import read_sheets
from exports.importing.reading import UnreadableFile
from forms.conventions.obligations import past_day
from workflows.conventions import pne_survey, respondent_lists
from workflows.importing import jobs

blueprint = Blueprint("pne_survey", __name__, url_prefix="/conventions/enquete")

LARGEST_LIST = 2_000_000


def year() -> int:
    """The year ?annee=; by default the current one."""
    asked = request.args.get("annee", "")
    return int(asked) if asked.isdecimal() and len(asked) == 4 else local_day(now()).year


@blueprint.get("/")
@requires(Permission.FUND)
def index() -> ResponseReturnValue:
    return list_page()


def list_page(error: str = "") -> str:
    asked = {name: request.args.get(name, "") for name in ("contact", "questionnaire")}
    page = queries.page(db.session(), current_user, year(), asked, Place.read(request.args))
    return render_template(
        "conventions/pne_survey.html",
        page=page,
        asked=asked,
        year=year(),
        years=conventions_queries.years(db.session(), current_user),
        contacts=ContactState,
        states=queries.QUESTIONNAIRE,
        shared=queries.shared_addresses(db.session(), page.rows),
        is_private=is_private,
        steps=pne_survey.LABELS,
        error=error,
        lists=imports.own_jobs(db.session(), current_user, (ImportKind.REPONDANTS,)),
    )


@blueprint.get("/listes/<int:job_id>")
@requires(Permission.FUND)
def list_view(job_id: int) -> ResponseReturnValue:
    """A list of respondents that was noted, and what it changed."""
    job = own_list(job_id)
    if job.status is not JobStatus.FINI:
        return render_template("importing/progress.html", job=job, pages="pne_survey", of="convention")
    lines = imports.lines(db.session(), job, Place.read(request.args))
    return render_template("conventions/pne_list.html", job=job, lines=lines)


def own_list(job_id: int) -> ImportJob:
    return imports.own_job(db.session(), current_user, job_id, (ImportKind.REPONDANTS,)) or abort(404)


@blueprint.post("/listes/<int:job_id>/defaire")
@requires(Permission.FUND)
def undo(job_id: int) -> ResponseReturnValue:
    job = own_list(job_id)
    if not job.busy:
        with atomic() as session:
            jobs.ask_undo(session, job)
    return redirect(url_for(".list_view", job_id=job_id), 303)


@blueprint.post("/listes/<int:job_id>/relancer")
@requires(Permission.FUND)
def remind(job_id: int) -> ResponseReturnValue:
    with atomic() as session:
        jobs.start_again(session, own_list(job_id))
    return redirect(url_for(".list_view", job_id=job_id), 303)


def chosen() -> Sequence[Convention]:
    """The ticked conventions of the shown year, within the person's scope; other ids are ignored."""
    return queries.of_year(db.session(), current_user, year(), request.form.getlist("convention", type=id_of))


@blueprint.post("/")
@requires(Permission.FUND, keeps_input=True)
def note() -> ResponseReturnValue:
    name, picked = request.form.get("etape", ""), chosen()
    if name not in pne_survey.STEPS or not picked:
        return list_page("Cochez au moins une convention, et dites ce qu’il faut noter."), 422
    try:
        day = past_day(request.form.get("jour", ""))
    except ValueError as error:
        return list_page(str(error)), 422
    with atomic() as session:
        if "liste" in request.form:
            done = respondent_lists.note_list(session, current_user, picked, day)
        else:
            done = pne_survey.note(session, current_user, picked, name, day)
        refused = [(row.reference, why) for row, why in done.refused]
    count = len(done.taken)
    flash(f"{pne_survey.LABELS[name]} : noté pour {count} convention{'s' if count > 1 else ''}.", "success")
    for reference, why in refused[:10]:
        flash(f"{reference} : {why}", "warning")
    return redirect(url_for(".index", annee=year()), 303)


@blueprint.post("/repondants")
@requires(Permission.FUND, largest_upload=LARGEST_LIST, too_large=list_page)
def respondents() -> ResponseReturnValue:
    """Shows which conventions the uploaded list of respondents names. Writes nothing and does not store the list."""
    sent = request.files.get("fichier")
    if sent is None or not sent.filename:
        return list_page("Choisissez la liste des répondants."), 422
    try:
        with uploads.held(sent.stream, current_user.id) as path:
            tables = read_sheets(path, least=1)
    except UnreadableFile as unreadable:
        return list_page(f"Cette liste n’a pas pu être lue. {unreadable}"), unreadable.status
    scope = conventions_queries.funded(current_user)
    found = pne_survey.respondents(db.session(), tables, scope, year())
    return render_template("conventions/pne_respondents.html", found=found, year=year())
