"""Settings that moderators change for their territoire: delays, contact, texts for structures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.core.transactions import atomic
from backoffice.models import Territoire
from backoffice.queries.territoires.settings import last_changes
from backoffice.web.guard import requires
from backoffice.web.scope import moderated_territoire
from forms.territoires.settings import CHANGE_LABELS, GROUPS, SETTINGS, read_settings, sent_value, typed_values
from workflows.territoires.settings import change_settings

blueprint = Blueprint("settings", __name__, url_prefix="/moderation/reglages")


@blueprint.get("/")
@requires(Permission.MODERATE)
def index() -> ResponseReturnValue:
    mine = current_user.territoires(Role.MODERATEUR)
    if len(mine) == 1:
        return redirect(url_for(".territoire", slug=mine[0].slug), 303)
    return render_template("territoires/settings/list.html", territoires=mine)


@blueprint.get("/<slug>")
@requires(Permission.MODERATE)
def territoire(slug: str) -> ResponseReturnValue:
    found = moderated_territoire(slug)
    return settings_page(found, {setting.name: sent_value(setting, found) for setting in SETTINGS})


@blueprint.post("/<slug>")
@requires(Permission.MODERATE, keeps_input=True)
def save(slug: str) -> ResponseReturnValue:
    found = moderated_territoire(slug)
    values, errors = read_settings(request.form)
    if errors:
        return settings_page(found, typed_values(request.form), errors), 422
    with atomic() as session:
        changed = change_settings(session, found.id, values, current_user)
    flash("Les réglages sont enregistrés." if changed else "Rien n’a changé.", "success")
    return redirect(url_for(".territoire", slug=slug), 303)


def settings_page(
    territoire: Territoire, values: Mapping[str, str], errors: Mapping[str, str] = MappingProxyType({})
) -> str:
    return render_template(
        "territoires/settings/territoire.html",
        territoire=territoire,
        groups=GROUPS,
        labels=CHANGE_LABELS,
        values=values,
        errors=errors,
        changes=last_changes(db.session(), territoire.id),
    )
