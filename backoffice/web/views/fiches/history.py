"""The history of a fiche, and the journal of decisions of a moderator's territoires."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from flask import Blueprint, Response, abort, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.dates import PARIS
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.models import Dispositif, Fiche, TransitionLog
from backoffice.queries.moderation import journal as queries
from backoffice.queries.paging import Page, Place
from backoffice.web.guard import requires
from exports.open_data.rows import BOM, cell
from forms.moderation.journal import JournalForm, read_journal
from workflows.fiches.history import KINDS, as_json, as_text, life
from workflows.fiches.transitions import EVENTS

blueprint = Blueprint("history", __name__)


def read(fiche_id: int) -> tuple[Fiche, bool]:
    """(fiche of the person's structures or territoires, whether the person moderates it); else 404."""
    return queries.journal_fiche(db.session(), current_user, fiche_id) or abort(404)


@blueprint.get("/historique/<int:fiche_id>")
@requires(Permission.READ_FICHE)
def fiche(fiche_id: int) -> ResponseReturnValue:
    found, moderates = read(fiche_id)
    events = life(db.session(), found, moderator=moderates)
    return render_template("fiches/history.html", fiche=found, events=events[::-1], moderates=moderates, kinds=KINDS)


@blueprint.get("/historique/<int:fiche_id>.<any(json, txt):form>")
@requires(Permission.READ_FICHE)
def file_page(fiche_id: int, form: str) -> ResponseReturnValue:
    found, moderates = read(fiche_id)
    events = life(db.session(), found, moderator=moderates)
    name = f"historique-{found.numero or found.id}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if form == "txt":
        return as_text(found, events), 200, {**headers, "Content-Type": "text/plain; charset=utf-8"}
    body = json.dumps(as_json(found, events), ensure_ascii=False, indent=1)
    return body, 200, {**headers, "Content-Type": "application/json; charset=utf-8"}


def asked() -> tuple[JournalForm, queries.JournalFilters]:
    """The form of the URL and its filters; a territoire that the person does not moderate is ignored."""
    form = read_journal(request.args)
    territoires = {territoire.slug for territoire in current_user.territoires(Role.MODERATEUR)}
    filters = queries.JournalFilters(
        du=form.days.get("du"),
        au=form.days.get("au"),
        personne=form.typed["personne"],
        etape=form.code("etape", EVENTS),
        structure=form.typed["structure"],
        dispositif=form.code("dispositif", set(Dispositif)),
        territoire=form.code("territoire", territoires),
    )
    return form, filters


@blueprint.get("/moderation/journal")
@requires(Permission.MODERATE)
def journal() -> ResponseReturnValue:
    form, filters = asked()
    page = Page() if form.errors else queries.journal(db.session(), current_user, filters, Place.read(request.args))
    served = current_user.territoires(Role.MODERATEUR)
    body = render_template(
        "moderation/journal.html",
        page=page,
        form=form,
        chosen={name: value for name, value in form.typed.items() if value},
        events=EVENTS,
        dispositifs={str(item): item.label for item in Dispositif},
        territoires={territoire.slug: territoire.nom for territoire in served},
    )
    return body, 422 if form.errors else 200


@blueprint.get("/moderation/journal.csv")
@requires(Permission.MODERATE)
def journal_csv() -> ResponseReturnValue:
    form, filters = asked()
    if form.errors:
        abort(400)
    lines = csv_lines(queries.whole(db.session(), current_user._get_current_object(), filters))
    response = Response(stream_with_context(lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment; filename=journal.csv"
    return response


HEADERS = ("Date", "Heure", "Étape", "Personne", "Fiche", "Intitulé", "Version", "Structure", "Dispositif")
MORE = ("Territoire", "De", "Vers", "Motif", "Commentaire")


def csv_lines(rows: Iterator[TransitionLog]) -> Iterator[str]:
    """CSV for French spreadsheets: BOM, semicolons; no cell is read as a formula."""
    yield BOM + csv_line((*HEADERS, *MORE))
    for row in rows:
        local, fiche, revision = row.at.astimezone(PARIS), row.fiche, row.revision
        yield csv_line(
            (
                *(f"{local:%d/%m/%Y}", f"{local:%H:%M}", EVENTS.get(row.transition, row.transition), row.actor.name),
                *(fiche.numero, revision.title if revision else "", revision.number if revision else None),
                *(fiche.organisme.nom, str(fiche.dispositif), fiche.territoire.nom, row.source, row.target),
                *(row.motif["label"] if row.motif else "", row.comment),
            )
        )


def csv_line(cells: tuple[str | int | None, ...]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerow([cell(value) for value in cells])
    return buffer.getvalue()
