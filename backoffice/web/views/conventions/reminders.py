"""Reminders of a funder to the filtered projects: preview of the list and the text, then sending."""

from __future__ import annotations

import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.clock import now
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.core.text import clean
from backoffice.core.transactions import atomic
from backoffice.queries.conventions import board
from backoffice.queries.conventions.board_filters import ALL, Filters
from backoffice.web.board import asked
from backoffice.web.guard import requires
from backoffice.web.security import id_of
from workflows.conventions import reminders

blueprint = Blueprint("reminders", __name__, url_prefix="/suivi")

LONGEST = 1_000
"""Maximum length of the funder's message, in characters."""


def to_remind(filters: Filters) -> list[board.Row]:
    """Filtered projects that the person funds and whose structure has something to do; reminders.MOST at most."""
    if filters.chosen and not filters.chosen.reminds:
        return []
    what = filters.etat or ALL
    return list(board.every(db.session(), current_user, filters.with_state(what), reminders.MOST, funded_only=True))


@blueprint.get("/relances")
@requires(Permission.FUND)
def reminders_page() -> ResponseReturnValue:
    return page()


def page(error: str = "") -> str:
    filters, _ = asked()
    found = to_remind(filters)
    recent = now() - reminders.PAUSE
    rows = [(row, bool(row.reminded_at and row.reminded_at > recent)) for row in found]
    what = filters.etat or ALL
    return render_template(
        "conventions/board/reminders.html",
        filters=filters,
        rows=rows,
        most=reminders.MOST,
        reachable=reminders.reachable(db.session(), [row.convention for row in found]),
        todo=lambda one: reminders.todo(reminders.spoken_of(one, what)),
        latest=board.latest_reminders(db.session(), current_user),
        key=request.form.get("cle") or secrets.token_hex(16),
        message=request.form.get("message", ""),
        forced=bool(request.form.get("insister")),
        chosen=request.form.getlist("projet", type=id_of) if request.method == "POST" else None,
        error=error,
    )


@blueprint.post("/relances")
@requires(Permission.FUND, keeps_input=True)
def remind() -> ResponseReturnValue:
    filters, _ = asked()
    message = clean(request.form.get("message", ""), multiline=True)
    wanted = set(request.form.getlist("projet", type=id_of))
    chosen = [row.convention for row in to_remind(filters) if row.convention.id in wanted]
    if len(message) > LONGEST:
        return page(f"Votre message est trop long : {LONGEST} caractères au plus."), 422
    if not chosen:
        return page("Choisissez au moins un projet à relancer."), 422
    with atomic() as session:
        number = reminders.ask(
            session,
            current_user,
            chosen,
            filters.etat or ALL,
            key=request.form.get("cle", "")[:40] or secrets.token_hex(16),
            message=message,
            forced=bool(request.form.get("insister")),
        )
    flash(f"{number} relance{'s' if number > 1 else ''} demandée{'s' if number > 1 else ''}.", "success")
    return redirect(f"{url_for('board.home')}?{filters.query()}", 303)
