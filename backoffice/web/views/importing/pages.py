"""Import of a file of fiches: upload, choice of columns, report, import of the valid lines."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.core.transactions import atomic
from backoffice.models import Dispositif, ImportJob, ImportKind, ImportLine, JobStatus, Organisme, Phase, Territoire
from backoffice.models.importing import FICHE_KINDS
from backoffice.queries.importing import jobs as queries
from backoffice.queries.paging import Place
from backoffice.web.guard import requires
from backoffice.web.scope import acting_organisme
from backoffice.web.security import id_of
from exports.importing.columns import BY_KEY, COLUMNS, propose
from exports.importing.files import LARGEST as LARGEST_TABLE
from exports.importing.files import Table
from exports.importing.reading import UnreadableFile
from exports.importing.template import template_csv, template_xlsx
from forms.fiches.paths import PATHS
from workflows.case import Refused
from workflows.importing import jobs, mappings, mending
from workflows.importing import stored as files

blueprint = Blueprint("imports", __name__, url_prefix="/import")

LARGEST_UPLOAD = 50_000_000

TEMPLATES = {
    "csv": (template_csv, "text/csv; charset=utf-8"),
    "xlsx": (template_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def own_job(job_id: int) -> ImportJob:
    """The import, when the person started it; else 404."""
    return queries.own_job(db.session(), current_user, job_id) or abort(404)


def targets() -> dict[str, tuple[str, Organisme | None, Territoire]]:
    """Targets of the person's imports: {code: (label, structure or None for a whole territoire, territoire)}."""
    found: dict[str, tuple[str, Organisme | None, Territoire]] = {}
    acting = acting_organisme() if current_user.can(Permission.WRITE_FICHE) else None
    if acting is not None:
        found[f"structure-{acting.id}"] = (acting.nom, acting, acting.territoire)
    for territoire in current_user.territoires(Role.MODERATEUR):
        words = f"Les structures du territoire {territoire.nom}, reconnues à leur SIRET"
        found[f"territoire-{territoire.id}"] = (words, None, territoire)
    return found


@blueprint.get("/")
@requires(Permission.IMPORT)
def home() -> ResponseReturnValue:
    return home_page()


def home_page(error: str = "") -> str:
    return render_template(
        "importing/home.html",
        jobs=queries.own_jobs(db.session(), current_user),
        targets=targets(),
        kinds=FICHE_KINDS,
        paths=PATHS,
        largest=(LARGEST_UPLOAD // 1_000_000, LARGEST_TABLE // 1_000_000),
        error=error,
    )


@blueprint.post("/")
@requires(Permission.IMPORT, largest_upload=LARGEST_UPLOAD, too_large=home_page)
def upload() -> ResponseReturnValue:
    sent, target = request.files.get("fichier"), targets().get(request.form.get("pour", ""))
    kind, dispositif = request.form.get("genre", ""), request.form.get("dispositif", "")
    if target is None or kind not in FICHE_KINDS or dispositif not in set(PATHS):
        return home_page("Dites pour qui vous importez, et de quelle sorte de fichier il s’agit."), 422
    if sent is None or not sent.filename:
        return home_page("Choisissez le fichier à importer."), 422
    _, organisme, territoire = target
    try:
        stored = files.keep(sent.stream, ImportKind(kind), current_user.id)
    except UnreadableFile as unreadable:
        return home_page(f"Ce fichier n’a pas pu être lu, rien n’a été changé. {unreadable}"), unreadable.status
    creates = organisme is None and "creer" in request.form
    settings = {"dispositif": str(Dispositif(dispositif)), "create_structures": creates}
    file = jobs.SentFile(ImportKind(kind), sent.filename.replace("\x00", ""), stored)
    with atomic() as session:
        job = jobs.start(session, current_user, file, settings, organisme=organisme, territoire_id=territoire.id)
    return redirect(url_for(".job_view", job_id=job.id), 303)


def _table(job: ImportJob) -> Table:
    return files.table_of(job)


@blueprint.get("/modele.<extension>")
@requires(Permission.IMPORT)
def template(extension: str) -> ResponseReturnValue:
    make, kind = TEMPLATES.get(extension) or abort(404)
    name = f"attachment; filename=modele-relais.{extension}"
    return make(), 200, {"Content-Type": kind, "Content-Disposition": name}


@blueprint.get("/<int:job_id>")
@requires(Permission.IMPORT)
def job_view(job_id: int) -> ResponseReturnValue:
    return job_page(own_job(job_id))


def job_page(job: ImportJob, error: str = "") -> str | Response:
    """Redirects to the choice of columns, or shows progress, then the report."""
    if job.phase is Phase.COLONNES:
        return redirect(url_for(".columns", job_id=job.id), 303)
    if job.status is not JobStatus.FINI:
        return render_template("importing/progress.html", job=job, pages="imports", of="fiche")
    lines = queries.lines(db.session(), job, Place.read(request.args))
    return render_template("importing/report.html", job=job, lines=lines, can_mend=mending.can_mend, error=error)


@blueprint.get("/<int:job_id>/colonnes")
@requires(Permission.IMPORT)
def columns(job_id: int) -> ResponseReturnValue:
    job = own_job(job_id)
    if job.kind is ImportKind.LHEO:
        abort(404)
    if not job.stored:
        flash("Ce fichier n’est plus gardé : envoyez-le de nouveau.", "warning")
        return redirect(url_for(".home"), 303)
    proposed = propose(_table(job).headers, mappings.remembered(db.session(), job))
    return columns_page(job, proposed)


def columns_page(job: ImportJob, chosen: dict[int, str], error: str = "") -> str:
    table = _table(job)
    return render_template(
        "importing/columns.html",
        job=job,
        pages="imports",
        table=table,
        samples=table.samples(),
        chosen=chosen,
        columns=COLUMNS,
        error=error,
    )


@blueprint.post("/<int:job_id>/colonnes")
@requires(Permission.IMPORT)
def choose_columns(job_id: int) -> ResponseReturnValue:
    job = own_job(job_id)
    if job.kind is ImportKind.LHEO or job.busy or not job.stored:
        abort(404)
    headers = _table(job).headers
    asked = {rank: request.form.get(f"colonne-{rank}", "") for rank in range(len(headers))}
    chosen = {rank: key for rank, key in asked.items() if key in BY_KEY}
    twice = [BY_KEY[key].header for key in BY_KEY if list(chosen.values()).count(key) > 1]
    if twice:
        return columns_page(job, chosen, f"Deux colonnes ne peuvent pas dire la même chose : {', '.join(twice)}."), 422
    if "formation.intitule" not in chosen.values() and "numero" not in chosen.values():
        error = "Dites quelle colonne donne l’intitulé, ou le numéro de la fiche."
        return columns_page(job, chosen, error), 422
    with atomic() as session:
        jobs.name_columns(session, job, headers, chosen)
    return redirect(url_for(".job_view", job_id=job_id), 303)


@blueprint.post("/<int:job_id>/feuille")
@requires(Permission.IMPORT)
def choose_sheet(job_id: int) -> ResponseReturnValue:
    job = own_job(job_id)
    if job.busy or not job.stored or job.kind is ImportKind.LHEO:
        abort(404)
    try:
        found = files.table(job.stored, job.kind, request.form.get("feuille", 0, type=id_of))
        with atomic() as session:
            job = jobs.choose_sheet(session, job, found)
    except UnreadableFile as unreadable:
        flash(f"Cette feuille n’a pas pu être lue. {unreadable}", "warning")
    return redirect(url_for(".job_view", job_id=job.id), 303)


def line_page(job: ImportJob, line: ImportLine, typed: Mapping[str, str], error: str = "") -> str:
    return render_template(
        "importing/line.html", job=job, line=line, cells=mending.cells(line), typed=typed, error=error
    )


def own_line(job_id: int, line_id: int) -> tuple[ImportJob, ImportLine]:
    """The line, when it may be mended; else 404."""
    job = own_job(job_id)
    line = queries.line(db.session(), job, line_id)
    if line is None or not mending.can_mend(job, line) or not mending.cells(line):
        abort(404)
    return job, line


@blueprint.get("/<int:job_id>/lignes/<int:line_id>")
@requires(Permission.IMPORT)
def line_view(job_id: int, line_id: int) -> ResponseReturnValue:
    return line_page(*own_line(job_id, line_id), {})


@blueprint.post("/<int:job_id>/lignes/<int:line_id>")
@requires(Permission.IMPORT)
def mend_line(job_id: int, line_id: int) -> ResponseReturnValue:
    """Reads again a line, or the whole file when nothing was imported, with what the person wrote in its cells."""
    job, line = own_line(job_id, line_id)
    texts = {name: text.replace("\x00", "")[:1_000] for name, text in request.form.items()}
    try:
        with atomic() as session:
            if not mending.mend(session, job, line, texts):
                jobs.ask_reading(session, job)
    except (Refused, UnreadableFile) as refused:
        return line_page(*own_line(job_id, line_id), texts, str(refused)), 422
    flash("La ligne a été relue avec ce que vous avez écrit.", "success")
    return redirect(url_for(".job_view", job_id=job_id), 303)


@blueprint.post("/<int:job_id>/appliquer")
@requires(Permission.IMPORT)
def apply_job(job_id: int) -> ResponseReturnValue:
    job = own_job(job_id)
    if job.busy or job.phase is Phase.COLONNES:
        return job_page(job)
    whole = request.form.get("quoi") == "tout"
    picked = request.form.getlist("ligne", type=id_of)
    choices = {line: value for line in picked if (value := request.form.get(f"choix-{line}", type=id_of)) is not None}
    with atomic() as session:
        submit = request.form.get("vers") == "file"
        count = jobs.ask_import(session, job, None if whole else picked, choices, submit=submit)
    if not count:
        return job_page(own_job(job_id), "Aucune ligne à importer : cochez-en au moins une qui peut l’être."), 422
    flash(f"{count} ligne{'s' if count > 1 else ''} à importer.", "success")
    return redirect(url_for(".job_view", job_id=job_id), 303)


@blueprint.post("/<int:job_id>/defaire")
@requires(Permission.IMPORT)
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
@requires(Permission.IMPORT)
def remind(job_id: int) -> ResponseReturnValue:
    with atomic() as session:
        jobs.start_again(session, own_job(job_id))
    return redirect(url_for(".job_view", job_id=job_id), 303)
