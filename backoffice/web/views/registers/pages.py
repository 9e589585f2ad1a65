"""Registers, for administrators: import of their files, waiting differences, versions, settings."""

from __future__ import annotations

import io
from datetime import date
from tempfile import TemporaryFile

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core import uploads
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import RegisterImport, RegisterPhase
from backoffice.queries.paging import Page, Place
from backoffice.queries.registers import readings as queries
from backoffice.web.guard import requires
from backoffice.web.security import download
from forms.registers.settings import FIELDS, read_patience
from workflows.case import Refused
from workflows.registers import runs, versions
from workflows.registers.declared import LABELS, REGISTERS, Register

blueprint = Blueprint("registers", __name__, url_prefix="/administration/registres")

LARGEST_UPLOAD = 500_000_000


def asked(name: str) -> Register:
    return REGISTERS.get(name) or abort(404)


def asked_reading(import_id: int) -> RegisterImport:
    return queries.reading(db.session(), import_id) or abort(404)


@blueprint.get("/")
@requires(Permission.ADMINISTER)
def index() -> ResponseReturnValue:
    session = db.session()
    held = {name: versions.rows_held(session, register) for name, register in REGISTERS.items()}
    return render_template("registers/list.html", registers=REGISTERS, held=held, last=queries.last_versions(session))


@blueprint.get("/<name>")
@requires(Permission.ADMINISTER)
def register_view(name: str) -> ResponseReturnValue:
    return register_page(asked(name))


def register_page(register: Register, error: str = "", typed: dict[str, str] | None = None, **errors: str) -> str:
    session = db.session()
    last, number = queries.last_versions(session).get(register.name, (None, 0))
    place = Place.read(request.args)
    patience = versions.patience_of(session, register)
    return render_template(
        "registers/register.html",
        register=register,
        last=last,
        number=number,
        waiting=queries.differences(session, last.id, place, applied=False) if last else Page(),
        labels=LABELS,
        told=versions.told,
        undoable=versions.last_version(session, register.sharing),
        readings=queries.readings(session, register.name),
        fields=FIELDS,
        values=typed or {name: str(getattr(patience, name)) for name in FIELDS},
        error=error,
        errors=errors,
        largest=LARGEST_UPLOAD // 1_000_000,
    )


def _too_large(error: str) -> str:
    return register_page(asked((request.view_args or {})["name"]), error)


@blueprint.post("/<name>")
@requires(Permission.ADMINISTER, largest_upload=LARGEST_UPLOAD, too_large=_too_large)
def upload(name: str) -> ResponseReturnValue:
    register, sent = asked(name), request.files.get("fichier")
    if sent is None or not sent.filename:
        return register_page(register, "Choisissez le fichier à lire."), 422
    try:
        stored = uploads.keep(sent.stream, current_user.id)
    except uploads.UploadRefused as refused:
        return register_page(register, refused.message), refused.status
    with atomic() as session:
        filename = sent.filename.replace("\x00", "")
        import_id = runs.ask_reading(session, register, filename, stored, current_user).id
    return redirect(url_for(".reading", import_id=import_id), 303)


@blueprint.post("/<name>/reglages")
@requires(Permission.ADMINISTER, keeps_input=True)
def set_action(name: str) -> ResponseReturnValue:
    register = asked(name)
    values, errors = read_patience(request.form)
    if errors:
        typed = {field: request.form.get(field, "")[:20] for field in FIELDS}
        return register_page(register, "", typed, **errors), 422
    with atomic() as session:
        versions.set_patience(session, register, values, current_user)
    flash("Les réglages sont enregistrés. Ils comptent dès la prochaine lecture.", "success")
    return redirect(url_for(".register_view", name=name), 303)


@blueprint.post("/<name>/attente")
@requires(Permission.ADMINISTER)
def believe(name: str) -> ResponseReturnValue:
    """Applies the waiting differences that are ticked, or all of them with the field «tout»."""
    register = asked(name)
    keys = None if "tout" in request.form else [key for key in request.form.getlist("cle") if "\0" not in key]
    with atomic() as session:
        number = versions.apply_waiting(session, register, current_user, keys)
    if number:
        flash(f"{number} changement{'s' if number > 1 else ''} appliqué{'s' if number > 1 else ''}.", "success")
    else:
        flash("Rien n’a été appliqué : cochez ce qui doit l’être.", "warning")
    return redirect(url_for(".register_view", name=name), 303)


@blueprint.get("/<name>/etat.csv")
@requires(Permission.ADMINISTER)
def status(name: str) -> ResponseReturnValue:
    """CSV of the table at the end of the day ?jour= (ISO date); without it, of the current table."""
    register = asked(name)
    try:
        day = date.fromisoformat(request.args.get("jour", "") or date.max.isoformat())
    except ValueError:
        return register_page(register, "Écrivez un jour comme 2026-11-22."), 422
    binary = TemporaryFile()  # noqa: SIM115 - closed and deleted once it is sent
    text = io.TextIOWrapper(binary, encoding="utf-8", newline="")
    versions.write_csv(db.session(), register, day, text)
    text.detach().seek(0)
    return download(binary, "text/csv", f"{register.name}-{day.isoformat()}.csv")


@blueprint.get("/lectures/<int:import_id>")
@requires(Permission.ADMINISTER)
def reading(import_id: int) -> ResponseReturnValue:
    row, session = asked_reading(import_id), db.session()
    register = REGISTERS[row.register]
    place = Place.read(request.args)
    last = versions.last_version(session, register.sharing)
    return render_template(
        "registers/reading.html",
        row=row,
        register=register,
        again=runs.can_start_again(row),
        ready=row.phase is RegisterPhase.LECTURE and row.status == "fini",
        applied=queries.differences(session, row.id, place, applied=True) if row.applied_at else Page(),
        labels=LABELS,
        told=versions.told,
        undoable=last is not None and last.id == row.id,
    )


@blueprint.post("/lectures/<int:import_id>/<any(appliquer, relancer, defaire):action>")
@requires(Permission.ADMINISTER)
def act(import_id: int, action: str) -> ResponseReturnValue:
    row = asked_reading(import_id)
    try:
        with atomic() as session:
            if action == "appliquer":
                runs.ask_applying(session, row.id, at_once="tout" in request.form)
            elif action == "relancer":
                runs.start_again(session, row.id)
            else:
                versions.undo(session, row.id, current_user)
    except Refused as refused:
        flash(refused.message, "warning")
    else:
        if action == "defaire":
            flash("Cette version est défaite : la table est comme avant elle.", "success")
    return redirect(url_for(".reading", import_id=import_id), 303)
