"""Import of a funder's list: upload, choice of columns, report, writing of the valid lines.

Reading and writing are those of every import (workflows.importing.jobs); only the columns and the texts differ.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Bpi, ImportJob, ImportKind, JobStatus, Outcome, Phase
from backoffice.queries.conventions import scope as conventions_queries
from backoffice.queries.importing import jobs as queries
from backoffice.queries.paging import Place
from backoffice.reference.programmes import programmes
from backoffice.web.guard import requires
from backoffice.web.scope import funded_territoires
from backoffice.web.security import id_of
from exports.importing.columns import propose
from exports.importing.files import LARGEST as LARGEST_TABLE
from exports.importing.reading import UnreadableFile
from exports.importing.template import template_csv, template_xlsx
from forms.conventions.grant_table import COLUMNS, TEMPLATE
from forms.conventions.grants import FIELDS
from workflows.conventions import grant_lines
from workflows.importing import jobs, mappings
from workflows.importing import stored as files

blueprint = Blueprint("grant_import", __name__, url_prefix="/conventions/import")

TEMPLATES = {
    "csv": (template_csv, "text/csv; charset=utf-8"),
    "xlsx": (template_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
KINDS = (ImportKind.CONVENTIONS,)
KEYS = {column.key: column for column in COLUMNS}


def own_job(job_id: int) -> ImportJob:
    """The import, when the person started it; else 404."""
    return queries.own_job(db.session(), current_user, job_id, KINDS) or abort(404)


@blueprint.get("/")
@requires(Permission.FUND)
def home() -> ResponseReturnValue:
    return home_page()


def home_page(error: str = "") -> str:
    return render_template(
        "conventions/grant_import.html",
        jobs=queries.own_jobs(db.session(), current_user, KINDS),
        territoires=funded_territoires(),
        programmes={code: row.label for code, row in programmes().items()},
        largest=LARGEST_TABLE // 1_000_000,
        error=error,
    )


@blueprint.post("/")
@requires(Permission.FUND, largest_upload=LARGEST_TABLE, too_large=home_page)
def upload() -> ResponseReturnValue:
    sent, mine = request.files.get("fichier"), funded_territoires()
    territoire = mine.get(request.form.get("territoire", 0, type=id_of)) or next(iter(mine.values()))
    if sent is None or not sent.filename:
        return home_page("Choisissez le fichier à importer."), 422
    try:
        stored = files.keep(sent.stream, ImportKind.CONVENTIONS, current_user.id)
    except UnreadableFile as unreadable:
        return home_page(f"Ce fichier n’a pas pu être lu, rien n’a été changé. {unreadable}"), unreadable.status
    settings = {name: request.form.get(name, "").strip()[:30] for name in ("programme", "annee")}
    file = jobs.SentFile(ImportKind.CONVENTIONS, sent.filename.replace("\x00", ""), stored)
    with atomic() as session:
        job = jobs.start(session, current_user, file, settings, territoire_id=territoire.id)
    return redirect(url_for(".job_view", job_id=job.id), 303)


@blueprint.get("/modele.<extension>")
@requires(Permission.FUND)
def template(extension: str) -> ResponseReturnValue:
    make, kind = TEMPLATES.get(extension) or abort(404)
    name = f"attachment; filename=modele-conventions.{extension}"
    return make(TEMPLATE), 200, {"Content-Type": kind, "Content-Disposition": name}


@blueprint.get("/<int:job_id>")
@requires(Permission.FUND)
def job_view(job_id: int) -> ResponseReturnValue:
    job = own_job(job_id)
    if job.phase is Phase.COLONNES:
        return columns_page(job)
    return job_page(job)


def job_page(job: ImportJob, error: str = "") -> str:
    """Progress while the job runs, then its report."""
    if job.status is not JobStatus.FINI:
        return render_template("importing/progress.html", job=job, pages="grant_import", of="ligne")
    lines = queries.lines(db.session(), job, Place.read(request.args))
    waiting = conventions_queries.unsettled_count(db.session(), current_user)
    faulty = queries.faulty(db.session(), job)
    return render_template(
        "conventions/grant_report.html",
        job=job,
        lines=lines,
        faulty=faulty,
        waiting=waiting,
        sums=queries.amounts(db.session(), job),
        labels=FIELDS,
        programmes={code: row.label for code, row in programmes().items()},
        bpi={row: row.label for row in Bpi},
        error=error,
    )


def columns_page(job: ImportJob, chosen: dict[int, str] | None = None, error: str = "") -> str | Response:
    if not job.stored:
        flash("Ce fichier n’est plus gardé : envoyez-le de nouveau.", "warning")
        return redirect(url_for(".home"), 303)
    table = files.table_of(job)
    if chosen is None:
        chosen = propose(table.headers, mappings.remembered(db.session(), job), COLUMNS)
    facts = {"table": table, "samples": table.samples(), "chosen": chosen, "columns": COLUMNS, "error": error}
    return render_template("importing/columns.html", job=job, pages="grant_import", **facts)


@blueprint.post("/<int:job_id>/colonnes")
@requires(Permission.FUND)
def choose_columns(job_id: int) -> ResponseReturnValue:
    job = own_job(job_id)
    if job.busy or not job.stored:
        abort(404)
    headers = files.table_of(job).headers
    asked = {rank: request.form.get(f"colonne-{rank}", "") for rank in range(len(headers))}
    chosen = {rank: key for rank, key in asked.items() if key in KEYS}
    twice = [KEYS[key].header for key in KEYS if list(chosen.values()).count(key) > 1]
    if twice or "reference" not in chosen.values():
        wrong = f"Deux colonnes ne peuvent pas dire la même chose : {', '.join(twice)}." if twice else ""
        return columns_page(job, chosen, wrong or "Dites quelle colonne donne la référence de la convention."), 422
    with atomic() as session:
        jobs.name_columns(session, job, headers, chosen)
    return redirect(url_for(".job_view", job_id=job_id), 303)


@blueprint.post("/<int:job_id>/feuille")
@requires(Permission.FUND)
def choose_sheet(job_id: int) -> ResponseReturnValue:
    job = own_job(job_id)
    if job.busy or not job.stored:
        abort(404)
    try:
        found = files.table(job.stored, job.kind, request.form.get("feuille", 0, type=id_of))
        with atomic() as session:
            job = jobs.choose_sheet(session, job, found)
    except UnreadableFile as unreadable:
        flash(f"Cette feuille n’a pas pu être lue. {unreadable}", "warning")
    return redirect(url_for(".job_view", job_id=job.id), 303)


@blueprint.post("/<int:job_id>/lignes/<int:line_id>")
@requires(Permission.FUND)
def mend_line(job_id: int, line_id: int) -> ResponseReturnValue:
    """Reads again a faulty line with what the person wrote; what is still wrong is said at the same place."""
    job = own_job(job_id)
    line = queries.line(db.session(), job, line_id) or abort(404)
    if job.busy or line.plan is not Outcome.ECARTEE or "said" not in line.read:
        return redirect(url_for(".job_view", job_id=job_id), 303)
    texts = {name: request.form[name].replace("\x00", "")[:1_000] for name in FIELDS if name in request.form}
    with atomic() as session:
        grant_lines.mend(session, job, line, texts)
        still = line.plan is Outcome.ECARTEE
    if still:
        words = f"La {line.place} est encore à corriger : ce que vous avez écrit est gardé."
        return job_page(own_job(job_id), words), 422
    flash(f"La {line.place} se lit maintenant.", "success")
    return redirect(url_for(".job_view", job_id=job_id), 303)


@blueprint.post("/<int:job_id>/appliquer")
@requires(Permission.FUND)
def apply_job(job_id: int) -> ResponseReturnValue:
    """Writes every valid line. The report names the others, which the funder corrects and sends in another file."""
    job = own_job(job_id)
    if job.busy or job.phase is Phase.COLONNES:
        return redirect(url_for(".job_view", job_id=job_id), 303)
    with atomic() as session:
        count = jobs.ask_import(session, job, None, {}, submit=False)
    if not count:
        return job_page(own_job(job_id), "Aucune ligne de ce fichier ne peut être importée."), 422
    return redirect(url_for(".job_view", job_id=job_id), 303)


@blueprint.post("/<int:job_id>/defaire")
@requires(Permission.FUND)
def undo(job_id: int) -> ResponseReturnValue:
    """Puts back what the import wrote, until something was built on it; the report names the lines that stay."""
    job = own_job(job_id)
    if not job.busy:
        with atomic() as session:
            count = jobs.ask_undo(session, job)
        if not count:
            flash("Cet import n’a rien écrit : il n’y a rien à défaire.", "warning")
    return redirect(url_for(".job_view", job_id=job_id), 303)


@blueprint.post("/<int:job_id>/relancer")
@requires(Permission.FUND)
def remind(job_id: int) -> ResponseReturnValue:
    with atomic() as session:
        jobs.start_again(session, own_job(job_id))
    return redirect(url_for(".job_view", job_id=job_id), 303)
