"""Webhooks, for administrators: addresses told of each publication, state of what was sent, sending again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Territoire, Webhook
from backoffice.queries.flux import webhooks as queries
from backoffice.web.guard import requires
from forms.flux.webhooks import TellAgain, WebhookForm
from workflows.flux import webhooks

blueprint = Blueprint("webhooks", __name__, url_prefix="/administration/webhooks")


def found(webhook_id: int) -> Webhook:
    return db.session.get(Webhook, webhook_id) or abort(404)


def form_of(formdata: Any, **kwargs: Any) -> WebhookForm:
    territoires = db.session.scalars(select(Territoire).order_by(Territoire.nom)).all()
    return WebhookForm(formdata, territoires, **kwargs)


@blueprint.get("/")
@requires(Permission.ADMINISTER)
def index() -> ResponseReturnValue:
    return list_page(form_of(None))


def list_page(form: WebhookForm) -> str:
    session = db.session()
    rows, waiting = queries.listed(session), queries.waiting(session)
    return render_template("flux/webhooks/list.html", rows=rows, waiting=waiting, form=form)


@blueprint.post("/")
@requires(Permission.ADMINISTER, keeps_input=True)
def create() -> ResponseReturnValue:
    """Returns the page instead of a redirect: the secret must be in no URL and no cookie, and is shown only now."""
    form = form_of(request.form)
    if not form.validate():
        return list_page(form), 422
    with atomic() as session:
        made = webhooks.create(session, form, current_user)
    return webhook_page(made, secret=webhooks.secret_text(made))


@blueprint.get("/<int:webhook_id>")
@requires(Permission.ADMINISTER)
def page(webhook_id: int) -> ResponseReturnValue:
    return webhook_page(found(webhook_id))


def webhook_page(webhook: Webhook, **shown: Any) -> str:
    """shown: the refused form (form or again), or the new secret."""
    session = db.session()
    form = form_of(None, obj=webhook, territoire=webhook.territoire_id or 0)
    return render_template(
        "flux/webhooks/webhook.html",
        webhook=webhook,
        waiting=queries.waiting(session)[webhook.id],
        attempts=queries.attempts(session, webhook),
        **{"form": form, "again": TellAgain(), "secret": "", **shown},
    )


@blueprint.post("/<int:webhook_id>")
@requires(Permission.ADMINISTER, keeps_input=True)
def change(webhook_id: int) -> ResponseReturnValue:
    form = form_of(request.form)
    if not form.validate():
        return webhook_page(found(webhook_id), form=form), 422
    with atomic() as session:
        webhooks.change(session, found(webhook_id), form, current_user)
    flash("Les réglages sont enregistrés.", "success")
    return redirect(url_for(".page", webhook_id=webhook_id), 303)


@blueprint.post("/<int:webhook_id>/secret")
@requires(Permission.ADMINISTER)
def renew_secret(webhook_id: int) -> ResponseReturnValue:
    """Returns the page, as `create` does."""
    with atomic() as session:
        webhooks.new_secret(session, found(webhook_id), current_user)
    return webhook_page(found(webhook_id), secret=webhooks.secret_text(found(webhook_id)))


@blueprint.post("/<int:webhook_id>/arreter")
@requires(Permission.ADMINISTER)
def stop(webhook_id: int) -> ResponseReturnValue:
    with atomic() as session:
        webhooks.stop(session, found(webhook_id), current_user)
    flash("L’envoi est arrêté. Sa place est gardée : rien ne sera perdu.", "success")
    return redirect(url_for(".page", webhook_id=webhook_id), 303)


@blueprint.post("/<int:webhook_id>/reprendre")
@requires(Permission.ADMINISTER)
def resume(webhook_id: int) -> ResponseReturnValue:
    with atomic() as session:
        webhooks.resume(session, found(webhook_id), current_user)
    flash("L’envoi reprend là où il s’était arrêté.", "success")
    return redirect(url_for(".page", webhook_id=webhook_id), 303)


@blueprint.post("/<int:webhook_id>/renvoyer")
@requires(Permission.ADMINISTER, keeps_input=True)
def tell_again(webhook_id: int) -> ResponseReturnValue:
    form = TellAgain(request.form)
    if not form.validate():
        return webhook_page(found(webhook_id), again=form), 422
    with atomic() as session:
        webhooks.resume(session, found(webhook_id), current_user, form.since)
    flash("Les messages partent de nouveau depuis ce moment, dans la minute.", "success")
    return redirect(url_for(".page", webhook_id=webhook_id), 303)


@blueprint.post("/<int:webhook_id>/supprimer")
@requires(Permission.ADMINISTER)
def remove(webhook_id: int) -> ResponseReturnValue:
    with atomic() as session:
        webhooks.remove(session, found(webhook_id), current_user)
    flash("Ce webhook est supprimé.", "success")
    return redirect(url_for(".index"), 303)
