"""Moderation figures of a moderator's territoires: page, charts, CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.clock import now
from backoffice.core.dates import local_day, short_day
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.queries.moderation.figures import (
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
from backoffice.web.bars import Bar, bars_image
from backoffice.web.guard import requires
from exports.open_data.rows import BOM, cell, csv_line

blueprint = Blueprint("figures", __name__, url_prefix="/moderation/chiffres")

WEEKS = 12
"""Length of the default period, in weeks; it ends today."""
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
"""{name of a chart: {column: label} of its bars}: numbers, or delays in days."""


def asked_period() -> tuple[Period, str]:
    """(period of the URL, error message or ""). On error, or without a period, it is the default one."""
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
def home() -> ResponseReturnValue:
    period, error = asked_period()
    found = happenings(db.session(), current_user, period)
    return render_template(
        "moderation/figures.html",
        period=period,
        error=error,
        total=total(found),
        tables={name: (dimension, lines(found, dimension)) for name, dimension in DIMENSIONS.items()},
        heads=HEADS,
        row=row,
    ), 422 if error else 200


def asked_lines(dimension: str) -> tuple[Dimension, Period, Sequence[Line]]:
    """404 for an unknown dimension or an invalid period: our own pages never link to one."""
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


@blueprint.get("/<dimension>-<what>.svg")
@requires(Permission.MODERATE)
def chart(dimension: str, what: str) -> ResponseReturnValue:
    series = CHARTS.get(what) or abort(404)
    chosen, period, found = asked_lines(dimension)
    title = f"{chosen.title}, du {short_day(period.start)} au {short_day(period.end)}"
    return bars_image(title, ((line.label, list(_bars(line, chosen, series))) for line in found))


def _bars(line: Line, chosen: Dimension, series: Mapping[str, str]) -> Iterator[Bar]:
    for name, words in series.items():
        value = getattr(line, name)
        if value is not None and name in chosen.columns:
            yield Bar(value, f"{_number(value)} – {words.lower()}", COLOURS[name])
