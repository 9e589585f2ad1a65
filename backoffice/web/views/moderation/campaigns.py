"""Renewal campaigns: list, form, progress of each structure, invitations."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.clock import now
from backoffice.core.dates import local_day, short_day
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Campaign
from backoffice.queries.moderation import campaigns as queries
from backoffice.queries.moderation.campaigns import STAGES, Line
from backoffice.queries.structures.scope import helped_among
from backoffice.web.bars import Bar, bars_image
from backoffice.web.guard import requires
from exports.open_data.rows import BOM, cell, csv_line
from forms.moderation.campaigns import Definition
from workflows.case import Refused
from workflows.moderation import campaigns

blueprint = Blueprint("campaigns", __name__, url_prefix="/moderation/campagnes")

COLOURS = {"invited": "#47565a", "started": "#8a5a00", "sent": "#0b5563", "approved": "#17633a"}


def found(campaign_id: int) -> Campaign:
    """The campaign, when it concerns a territoire of the person; else 404."""
    return queries.campaign_of(db.session(), current_user, campaign_id) or abort(404)


def managed(campaign_id: int) -> Campaign:
    """The campaign, when the person may change it: administrator, or all its territoires are theirs; else 404."""
    campaign = found(campaign_id)
    return campaign if queries.manages(current_user, campaign) else abort(404)


@blueprint.get("/")
@requires(Permission.MANAGE_CAMPAIGNS)
def index() -> ResponseReturnValue:
    return render_template(
        "moderation/campaigns/list.html",
        campaigns=queries.campaigns_of(db.session(), current_user),
        today=local_day(now()),
    )


@blueprint.get("/nouvelle")
@requires(Permission.MANAGE_CAMPAIGNS)
def new() -> ResponseReturnValue:
    territoires = queries.served_territoires(db.session(), current_user)
    return form_page(Definition(None, territoires, year=local_day(now()).year + 1))


def form_page(form: Definition, campaign: Campaign | None = None, error: str = "") -> str:
    return render_template("moderation/campaigns/form.html", form=form, campaign=campaign, error=error)


@blueprint.post("/nouvelle")
@requires(Permission.MANAGE_CAMPAIGNS, keeps_input=True)
def create() -> ResponseReturnValue:
    return keep()


@blueprint.get("/<int:campaign_id>/modifier")
@requires(Permission.MANAGE_CAMPAIGNS)
def edit(campaign_id: int) -> ResponseReturnValue:
    campaign = managed(campaign_id)
    territoires = queries.served_territoires(db.session(), current_user)
    return form_page(Definition(None, territoires, campaign), campaign)


@blueprint.post("/<int:campaign_id>/modifier")
@requires(Permission.MANAGE_CAMPAIGNS, keeps_input=True)
def save(campaign_id: int) -> ResponseReturnValue:
    return keep(managed(campaign_id))


def keep(campaign: Campaign | None = None) -> ResponseReturnValue:
    territoires = queries.served_territoires(db.session(), current_user)
    form = Definition(request.form, territoires)
    if not form.validate():
        return form_page(form, campaign), 422
    chosen = [one for one in territoires if not form.territoires.data or one.id in form.territoires.data]
    try:
        with atomic() as session:
            made = campaigns.write(session, campaign, form, chosen, current_user)
    except Refused as refused:
        return form_page(form, campaign, refused.message), 409
    flash("La campagne est enregistrée.", "success")
    return redirect(url_for(".campaign_view", campaign_id=made.id), 303)


@blueprint.get("/<int:campaign_id>")
@requires(Permission.MANAGE_CAMPAIGNS)
def campaign_view(campaign_id: int) -> ResponseReturnValue:
    return campaign_page(found(campaign_id))


def lines_of(campaign: Campaign) -> list[Line]:
    """Progress of the structures of the campaign, in the person's territoires only."""
    served = queries.served_territoires(db.session(), current_user)
    return queries.progress(db.session(), campaign, {territoire.id for territoire in served})


def campaign_page(campaign: Campaign, error: str = "") -> str:
    lines = lines_of(campaign)
    return render_template(
        "moderation/campaigns/campaign.html",
        campaign=campaign,
        lines=lines,
        totals=queries.totals(lines),
        helped=helped_among(db.session(), current_user, [line.organisme_id for line in lines]),
        stages=STAGES,
        manages=queries.manages(current_user, campaign),
        today=local_day(now()),
        error=error,
    )


@blueprint.post("/<int:campaign_id>/inviter")
@requires(Permission.MANAGE_CAMPAIGNS)
def invite(campaign_id: int) -> ResponseReturnValue:
    managed(campaign_id)
    try:
        with atomic() as session:
            campaigns.open_and_invite(session, campaign_id, current_user)
    except Refused as refused:
        return campaign_page(found(campaign_id), refused.message), 409
    flash("Les invitations partent : chaque personne en reçoit une, une seule fois.", "success")
    return redirect(url_for(".campaign_view", campaign_id=campaign_id), 303)


@blueprint.get("/<int:campaign_id>/avancement.csv")
@requires(Permission.MANAGE_CAMPAIGNS)
def csv(campaign_id: int) -> ResponseReturnValue:
    campaign = found(campaign_id)
    table = [["Structure", "Fiches à reconduire", "Invitée le", "Commencées", "Envoyées", "Validées"]]
    table += [[cell(line.nom), str(line.fiches), _day(line), *_numbers(line)] for line in lines_of(campaign)]
    name = f"campagne-{campaign.id}-{local_day(now())}.csv"
    headers = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": f"attachment; filename={name}"}
    return BOM + "".join(map(csv_line, table)), 200, headers


def _day(line: Line) -> str:
    return short_day(local_day(line.invited_at)) if line.invited_at else ""


def _numbers(line: Line) -> Sequence[str]:
    return [str(line.started), str(line.sent), str(line.approved)]


@blueprint.get("/<int:campaign_id>/avancement.svg")
@requires(Permission.MANAGE_CAMPAIGNS)
def chart(campaign_id: int) -> ResponseReturnValue:
    """One bar per stage, with its number and label: colour alone carries no information."""
    campaign = found(campaign_id)
    counts = queries.totals(lines_of(campaign))
    return bars_image(
        campaign.label,
        ((words, [Bar(counts[stage], str(counts[stage]), COLOURS[stage])]) for stage, words in STAGES.items()),
    )
