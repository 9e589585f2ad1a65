"""The figures of a moderator's territoires: pages, charts and tables to take away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.extensions import db
from backoffice.models.base import now
from backoffice.models.dates import local_day, short_day
from backoffice.permissions import Permission
from backoffice.queries.figures import (
    COUNTS,
    DELAYS,
    DIMENSIONS,
    HEADS,
    Dimension,
    Line,
    Period,
    happenings,
    lines,
    row,
    total,
)
from exports.open_data import BOM, cell, csv_line

from .guard import requires

blueprint = Blueprint("chiffres", __name__, url_prefix="/moderation/chiffres")

WEEKS = 12
"""Shown when no period is asked."""
LONGEST = timedelta(days=3 * 366)

COLOURS = {
    "recues": "#47565a",
    "validees": "#17633a",
    "renvoyees": "#8a5a00",
    "refusees": "#a51c1c",
    "mediane": "#0b5563",
    "p90": "#6b7c81",
}
CHARTS = {"nombres": COUNTS, "delais": DELAYS}
"""What a chart shows: how many, or how long."""


def asked_period() -> tuple[Period, str]:
    """The period of the address, and what is wrong with it; then the usual one stands in."""
    today = local_day(now())
    usual = Period(today - timedelta(today.weekday(), weeks=WEEKS - 1), today)
    texts = [request.args.get(name, "") for name in ("du", "au")]
    if not any(texts):
        return usual, ""
    try:
        start, end = map(date.fromisoformat, texts)
    except ValueError:
        return usual, "Donnez les deux jours de la période."
    if not timedelta(0) <= end - start <= LONGEST or not 2000 <= start.year <= 2999:
        return usual, "Le premier jour doit venir avant le dernier, et la période durer trois ans au plus."
    return Period(start, end), ""


@blueprint.get("/")
@requires(Permission.MODERATE)
def accueil() -> ResponseReturnValue:
    period, error = asked_period()
    found = happenings(db.session(), current_user, period)
    return render_template(
        "chiffres/accueil.html",
        period=period,
        error=error,
        total=total(found),
        tables={name: (dimension, lines(found, dimension)) for name, dimension in DIMENSIONS.items()},
        heads=HEADS,
        row=row,
    ), 422 if error else 200


def asked_lines(dimension: str) -> tuple[Dimension, Period, Sequence[Line]]:
    """404 for what is no dimension or no period: our own pages link to nothing else."""
    chosen, (period, error) = DIMENSIONS.get(dimension), asked_period()
    if chosen is None or error:
        abort(404)
    return chosen, period, lines(happenings(db.session(), current_user, period), chosen)


@blueprint.get("/<dimension>.csv")
@requires(Permission.MODERATE)
def csv(dimension: str) -> ResponseReturnValue:
    chosen, period, found = asked_lines(dimension)
    table = [[chosen.head, *(HEADS[name] for name in chosen.columns)]]
    table += [[cell(line.label), *map(_number, row(line, chosen.columns))] for line in found]
    name = f"chiffres-{dimension}-{period.start}-{period.end}.csv"
    headers = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": f"attachment; filename={name}"}
    return BOM + "".join(map(csv_line, table)), 200, headers


def _number(value: float | None) -> str:
    return "" if value is None else str(value).replace(".", ",")


@dataclass(frozen=True)
class Bar:
    """y, width: in the units of the drawing."""

    words: str
    y: int
    width: float
    colour: str
    height: int = 18


GAP, STEP, TOP, LEFT, ROOM = 18, 22, 64, 190, 380
"""Between groups, from one bar to the next, above the first, left of all, the longest."""


@blueprint.get("/<dimension>-<what>.svg")
@requires(Permission.MODERATE)
def graphique(dimension: str, what: str) -> ResponseReturnValue:
    """Bars beside their numbers: nothing is said by colour alone."""
    series = CHARTS.get(what) or abort(404)
    chosen, period, found = asked_lines(dimension)
    largest = max((getattr(line, name) or 0 for line in found for name in series), default=0) or 1
    groups, y = [], TOP
    for line in found:
        bars = []
        for name in series:
            value = getattr(line, name)
            if value is not None and name in chosen.columns:
                words = f"{_number(value)} – {series[name].lower()}"
                bars.append(Bar(words, y, value / largest * ROOM, COLOURS[name]))
                y += STEP
        if not bars:
            continue
        groups.append((line.label, bars))
        y += GAP
    title = f"{chosen.title}, du {short_day(period.start)} au {short_day(period.end)}"
    drawing = render_template("chiffres/barres.svg", title=title, groups=groups, height=max(y, 120), left=LEFT)
    return drawing, 200, {"Content-Type": "image/svg+xml; charset=utf-8"}
