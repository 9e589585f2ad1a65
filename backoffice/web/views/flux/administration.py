"""Flows, for administrators: definition, runs, reading keys."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Flux, FluxRun, FluxToken, Territoire
from backoffice.queries.flux import administration as queries
from backoffice.web.guard import requires
from forms.flux.definition import Definition, Key, Settings, Start
from workflows.flux import runs, settings

blueprint = Blueprint("flux_administration", __name__, url_prefix="/administration/flux")


def found_flux(flux_id: int) -> Flux:
    return db.session.get(Flux, flux_id) or abort(404)


def found_run(run_id: int) -> FluxRun:
    return db.session.get(FluxRun, run_id) or abort(404)


@blueprint.get("/")
@requires(Permission.ADMINISTER)
def index() -> ResponseReturnValue:
    rows = queries.followed(db.session())
    return render_template("flux/administration/list.html", rows=rows, interrupted=runs.interrupted)


@blueprint.get("/<int:flux_id>")
@requires(Permission.ADMINISTER)
def flux(flux_id: int) -> ResponseReturnValue:
    return flux_page(found_flux(flux_id))


def flux_page(flux: Flux, **forms: Any) -> str:
    """forms: the refused form (settings, start or key), or `new_key`, shown only once."""
    shown = {"settings": Settings(obj=flux), "start": Start(), "key": Key(None, ()), "new_key": ""} | forms
    manifest = runs.folder_of(flux.code) / runs.CURRENT
    return render_template(
        "flux/administration/flux.html",
        flux=flux,
        manifest=json.loads(manifest.read_text()) if manifest.exists() else None,
        runs=queries.runs_of(db.session(), flux),
        keys=queries.keys_of(db.session(), flux),
        interrupted=runs.interrupted,
        **shown,
    )


@blueprint.get("/nouveau")
@requires(Permission.ADMINISTER)
def new() -> ResponseReturnValue:
    return render_template("flux/administration/new.html", form=definition_form(None, active=True, kept=14))


def definition_form(formdata: Any, **kwargs: Any) -> Definition:
    territoires = db.session.scalars(select(Territoire).order_by(Territoire.nom)).all()
    return Definition(formdata, territoires, db.session.scalars(select(Flux.code)), **kwargs)


@blueprint.post("/nouveau")
@requires(Permission.ADMINISTER, keeps_input=True)
def create() -> ResponseReturnValue:
    form = definition_form(request.form)
    if not form.validate():
        return render_template("flux/administration/new.html", form=form), 422
    with atomic() as session:
        made = settings.write(session, Flux(), form, current_user)
    flash("Le flux est créé. Il sera fait avec les autres, ou dès maintenant si vous le demandez.", "success")
    return redirect(url_for(".flux", flux_id=made.id), 303)


@blueprint.post("/<int:flux_id>/reglages")
@requires(Permission.ADMINISTER, keeps_input=True)
def set_action(flux_id: int) -> ResponseReturnValue:
    form = Settings(request.form)
    if not form.validate():
        return flux_page(found_flux(flux_id), settings=form), 422
    with atomic() as session:
        settings.write(session, found_flux(flux_id), form, current_user)
    flash("Les réglages sont enregistrés.", "success")
    return redirect(url_for(".flux", flux_id=flux_id), 303)


# --- Runs --------------------------------------------------------------------------------------------


@blueprint.post("/<int:flux_id>/lancer")
@requires(Permission.ADMINISTER, keeps_input=True)
def launch(flux_id: int) -> ResponseReturnValue:
    form = Start(request.form)
    if not form.validate():
        return flux_page(found_flux(flux_id), start=form), 422
    with atomic() as session:
        run_id = runs.ask(session, found_flux(flux_id), form.since).id
    return redirect(url_for(".run_page_page", run_id=run_id), 303)


@blueprint.get("/fabrications/<int:run_id>")
@requires(Permission.ADMINISTER)
def run_page_page(run_id: int) -> ResponseReturnValue:
    return run_page(found_run(run_id))


def run_page(run: FluxRun, error: str = "") -> str:
    interrupted = runs.interrupted(run)
    return render_template(
        "flux/administration/run.html",
        run=run,
        interrupted=interrupted,
        following=not (run.over or interrupted),
        kept=runs.file_of(run) is not None,
        error=error,
    )


@blueprint.post("/fabrications/<int:run_id>/arreter")
@requires(Permission.ADMINISTER)
def stop(run_id: int) -> ResponseReturnValue:
    if found_run(run_id).over:
        return run_page(found_run(run_id), "Cette fabrication était déjà terminée : rien n’a été changé."), 409
    with atomic() as session:
        runs.ask_to_stop(session, found_run(run_id))
    return redirect(url_for(".run_page_page", run_id=run_id), 303)


@blueprint.post("/fabrications/<int:run_id>/recommencer")
@requires(Permission.ADMINISTER)
def again(run_id: int) -> ResponseReturnValue:
    if not runs.may_begin_again(found_run(run_id)):
        return run_page(found_run(run_id), "Cette fabrication est en cours ou réussie : rien n’a été changé."), 409
    with atomic() as session:
        runs.ask_again(session, found_run(run_id))
    return redirect(url_for(".run_page_page", run_id=run_id), 303)


@blueprint.get("/fabrications/<int:run_id>/fichier")
@requires(Permission.ADMINISTER)
def file_page(run_id: int) -> ResponseReturnValue:
    """The file that the run wrote; 404 when it is no longer kept."""
    file = runs.file_of(found_run(run_id)) or abort(404)
    return send_file(file, as_attachment=True, max_age=0)


# --- Keys --------------------------------------------------------------------------------------------


@blueprint.post("/<int:flux_id>/cles")
@requires(Permission.ADMINISTER, keeps_input=True)
def create_key(flux_id: int) -> ResponseReturnValue:
    """Returns the page instead of a redirect: the key must be in no URL and no cookie, and cannot be shown again."""
    open_keys = [key.name for key in queries.keys_of(db.session(), found_flux(flux_id)) if not key.revoked_at]
    form = Key(request.form, open_keys)
    if not form.validate():
        return flux_page(found_flux(flux_id), key=form), 422
    with atomic() as session:
        new_key = settings.give_key(session, found_flux(flux_id), form.name.data, current_user)
    return flux_page(found_flux(flux_id), new_key=new_key)


@blueprint.post("/cles/<int:token_id>/retirer")
@requires(Permission.ADMINISTER)
def remove_key(token_id: int) -> ResponseReturnValue:
    with atomic() as session:
        key = session.get(FluxToken, token_id) or abort(404)
        flux_id, name = key.flux_id, key.name
        if key.revoked_at is None:
            settings.take_back(session, key, current_user)
    flash(f"La clé de « {name} » n’ouvre plus ce flux.", "success")
    return redirect(url_for(".flux", flux_id=flux_id), 303)
