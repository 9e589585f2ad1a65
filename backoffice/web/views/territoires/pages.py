"""Territoires, for administrators: coverage, the territoire that collects for another, settings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Territoire
from backoffice.queries.territoires import coverage as queries
from backoffice.queries.territoires.settings import last_changes
from backoffice.web.guard import requires
from forms.territoires.coverage import codes_in, read_coverage
from forms.territoires.settings import CHANGE_LABELS, GROUPS, SETTINGS, read_settings, sent_value, typed_values
from workflows.case import Refused
from workflows.territoires.settings import change_settings, collect, cover

blueprint = Blueprint("territoires", __name__, url_prefix="/administration/territoires")


def known(slug: str) -> Territoire:
    return queries.by_slug(db.session(), slug) or abort(404)


@blueprint.get("/")
@requires(Permission.ADMINISTER)
def index() -> ResponseReturnValue:
    session = db.session()
    return render_template(
        "territoires/list.html",
        territoires=queries.all_territoires(session),
        counts=queries.counts(session),
        gaps=queries.uncovered(session),
    )


@blueprint.get("/<slug>")
@requires(Permission.ADMINISTER)
def territoire(slug: str) -> ResponseReturnValue:
    return territoire_page(known(slug))


def territoire_page(
    found: Territoire,
    errors: Mapping[str, str] = MappingProxyType({}),
    values: Mapping[str, str] | None = None,
    codes: str | None = None,
    collector: str | None = None,
) -> str:
    """errors: by field; values, codes, collector: what was typed in the form that was refused, else None."""
    session = db.session()
    covered = queries.coverage_of(session, found.id)
    others = [row for row in queries.all_territoires(session) if row.id != found.id]
    return render_template(
        "territoires/territoire.html",
        territoire=found,
        errors=errors,
        groups=GROUPS,
        values=values or {setting.name: sent_value(setting, found) for setting in SETTINGS},
        covered=covered,
        codes=" ".join(row.code for row in covered) if codes is None else codes,
        collectors={str(row.id): row.nom for row in others},
        collector=str(found.collected_by_id or "") if collector is None else collector,
        collected=[row.nom for row in others if row.collected_by_id == found.id],
        counts=queries.counts(session).get(found.id),
        labels=CHANGE_LABELS,
        changes=last_changes(session, found.id),
    )


@blueprint.post("/<slug>/reglages")
@requires(Permission.ADMINISTER, keeps_input=True)
def set_action(slug: str) -> ResponseReturnValue:
    found = known(slug)
    values, errors = read_settings(request.form)
    if errors:
        return territoire_page(found, errors, typed_values(request.form)), 422
    with atomic() as session:
        changed = change_settings(session, found.id, values, current_user)
    return _done(slug, bool(changed))


@blueprint.post("/<slug>/couverture")
@requires(Permission.ADMINISTER, keeps_input=True)
def cover_action(slug: str) -> ResponseReturnValue:
    found, text = known(slug), request.form.get("codes", "").replace("\x00", "")
    codes, error = read_coverage(text, queries.communes_among(db.session(), codes_in(text)))
    if not error:
        try:
            with atomic() as session:
                changed = cover(session, found.id, codes, current_user)
            return _done(slug, changed)
        except Refused as refused:
            error = refused.message
    return territoire_page(known(slug), {"codes": error}, codes=text), 422


@blueprint.post("/<slug>/collecte")
@requires(Permission.ADMINISTER, keeps_input=True)
def collect_for(slug: str) -> ResponseReturnValue:
    found, asked = known(slug), request.form.get("collecte", "")
    choice = next((row.id for row in queries.all_territoires(db.session()) if str(row.id) == asked), None)
    error = "" if choice is not None or not asked else "Choisissez un autre territoire de la liste."
    if not error:
        try:
            with atomic() as session:
                changed = collect(session, found.id, choice, current_user)
            return _done(slug, changed)
        except Refused as refused:
            error = refused.message
    return territoire_page(known(slug), {"collecte": error}, collector=asked), 422


def _done(slug: str, changed: bool) -> ResponseReturnValue:
    flash("C’est enregistré." if changed else "Rien n’a changé.", "success")
    return redirect(url_for(".territoire", slug=slug), 303)
