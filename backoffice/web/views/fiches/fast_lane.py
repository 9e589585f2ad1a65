"""The fast lane: the structure changes places, entries and dates of a published fiche without moderation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.transactions import atomic
from backoffice.models import Fiche, FicheState
from backoffice.web.guard import requires
from backoffice.web.scope import own_fiche
from forms.fiches.fast_lane import SessionForm
from workflows.case import Refused
from workflows.fiches import fast_lane

blueprint = Blueprint("fast_lane", __name__, url_prefix="/fiches/<int:fiche_id>/places")


@blueprint.get("")
@requires(Permission.WRITE_FICHE)
def seats(fiche_id: int) -> ResponseReturnValue:
    fiche = own_fiche(fiche_id)
    if fiche.state is not FicheState.PUBLIEE:
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    return places_page(fiche)


def places_page(fiche: Fiche, sent: Mapping[str, SessionForm] = MappingProxyType({}), error: str = "") -> str:
    """sent: {key of a session: its refused answers, shown again as typed}."""
    rows = [(row, sent.get(row.key) or _form(None, fiche, row)) for row in _present(fiche)]
    shown = fiche.published_revision
    title = shown.title if shown is not None else ""
    return render_template("fiches/fast_lane.html", fiche=fiche, title=title, rows=rows, error=error)


def _form(sent: MultiDict[str, str] | None, fiche: Fiche, row: fast_lane.Present) -> SessionForm:
    shift = fiche.territoire.decalage_dates
    return SessionForm(sent, row.action, row.session, row.months, row.stamp, shift)


def _present(fiche: Fiche) -> list[fast_lane.Present]:
    return fast_lane.present(db.session(), fiche)


@blueprint.post("")
@requires(Permission.WRITE_FICHE, keeps_input=True)
def change_action(fiche_id: int) -> ResponseReturnValue:
    """Saves all the sessions that were changed on the page, or none: each button sends them all."""
    fiche = own_fiche(fiche_id)
    if fiche.published_revision_id is None:
        return redirect(url_for("fiches.fiche", fiche_id=fiche_id), 303)
    rows = {row.key: row for row in _present(fiche)}
    sent = {key: _form(request.form, fiche, row) for key, row in rows.items() if f"{key}-vu" in request.form}
    if not sent:
        return places_page(fiche, error="Ces dates n’existent pas dans la fiche publiée."), 422
    full = request.form.get("complet", "")
    asked = {key: form for key, form in sent.items() if form.touched or key == full}
    wrong = [key for key, form in asked.items() if not form.validate()]
    if wrong:
        return places_page(fiche, asked, "Rien n’a été enregistré : corrigez ce qui est indiqué."), 422
    changed, key = False, ""
    try:
        with atomic() as session:
            for key, form in asked.items():  # after a refusal, `key` is the one that was refused
                change = _change(form, rows[key], full=key == full)
                changed |= fast_lane.update_session(session, fiche_id, change, current_user)
    except fast_lane.Stale as stale:
        asked[key].vu.data = rows[key].stamp
        asked[key].vu.raw_data = None
        return places_page(own_fiche(fiche_id), asked, stale.message), 409
    except Refused as refused:
        for finding in refused.findings:
            asked[key][finding.path].errors = [finding.message]
        return places_page(own_fiche(fiche_id), asked, refused.message), 422 if refused.findings else 409
    done = "C’est enregistré. Le prochain flux le dira aux lecteurs." if changed else "Rien n’avait changé."
    flash(done, "success")
    return redirect(url_for(".seats", fiche_id=fiche_id), 303)


def _change(form: SessionForm, row: fast_lane.Present, *, full: bool) -> fast_lane.Change:
    entries = form.entrees.data if "entrees" in form else None
    change = fast_lane.Change(
        row.action,
        row.session.id,
        recrutement=form.recrutement.data or None,
        places_libres=form.places_libres.data,
        debut=form.debut.data,
        fin=form.fin.data,
        entrees=entries,
        mois=form.mois.data if entries is not None else "",
        seen=form.vu.data or "",
    )
    return fast_lane.full(change) if full else change
