"""The bilan: figures of a territoire for a year, with new and ended offer; a page to print, CSV and charts."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission, Role
from backoffice.models import Territoire
from backoffice.queries.moderation.bilan import DIMENSIONS, HEADS, Bilan, Scope, bilan
from backoffice.web.bars import Bar, bars_image
from backoffice.web.guard import requires
from backoffice.web.security import id_of
from exports.open_data.rows import BOM, cell, csv_line

blueprint = Blueprint("bilan", __name__, url_prefix="/bilan")

FIRST_YEAR = 2024
MEASURES = {"actions": ("Actions", 1, "#0b5563"), "heures": ("Heures de cours", 4, "#17633a")}
"""{measure of a chart: (label, index in HEADS, colour)}"""

READERS = (Role.MODERATEUR, Role.FINANCEUR)


@dataclass(frozen=True)
class Asked:
    """The territoire and year of the URL, and the départements of it that the person may read."""

    territoire: Territoire
    year: int
    scope: Scope

    def read(self) -> Bilan:
        return bilan(db.session(), self.scope, self.year)


def readable() -> dict[str, Territoire]:
    """{slug: territoire} that the person may read."""
    return {territoire.slug: territoire for role in READERS for territoire in current_user.territoires(role)}


def last_year() -> int:
    return local_day(now()).year


def asked(slug: str, year: int) -> Asked:
    territoire = readable().get(slug) or abort(404)
    if not FIRST_YEAR <= year <= last_year():
        abort(404)
    return Asked(territoire, year, Scope(territoire.id, read_departements(territoire)))


def read_departements(territoire: Territoire) -> frozenset[str]:
    """Départements that the person may read there; empty = all. A moderator reads the whole territoire."""
    if territoire.id in current_user.territoire_ids(Role.MODERATEUR):
        return frozenset()
    mine = [row for row in current_user.assignments if row.role in READERS and row.territoire_id == territoire.id]
    if any(not row.departements for row in mine):
        return frozenset()
    return frozenset(code for row in mine for code in row.departements)


@blueprint.get("/")
@requires(Permission.READ_REPORT)
def home() -> ResponseReturnValue:
    """Redirects to the current year of the person's first territoire; the page links to the others."""
    slug = next(iter(readable()), None) or abort(404)
    return redirect(url_for(".year_page", slug=slug, year=last_year()), 303)


@blueprint.get("/choisir")
@requires(Permission.READ_REPORT)
def choose() -> ResponseReturnValue:
    """Redirects to the page chosen in the form at the top."""
    found = asked(request.args.get("territoire", ""), request.args.get("annee", 0, type=id_of))
    return redirect(url_for(".year_page", slug=found.territoire.slug, year=found.year), 303)


@blueprint.get("/<slug>/<int:year>")
@requires(Permission.READ_REPORT)
def year_page(slug: str, year: int) -> ResponseReturnValue:
    found = asked(slug, year)
    return render_template(
        "moderation/bilan.html",
        territoire=found.territoire,
        territoires=readable(),
        years=range(last_year(), FIRST_YEAR - 1, -1),
        bilan=found.read(),
        dimensions=DIMENSIONS,
        heads=HEADS,
        measures=MEASURES,
    )


@blueprint.get("/<slug>/<int:year>.csv")
@requires(Permission.READ_REPORT)
def csv(slug: str, year: int) -> ResponseReturnValue:
    """All the tables in one file; the first column names the table."""
    report = asked(slug, year).read()
    moved = report.movement
    table = [["Tableau", "Ligne", *HEADS], ["Ensemble", "Ensemble", *map(str, report.total.numbers)]]
    for name, lines in report.tables.items():
        table += [[DIMENSIONS[name].title, cell(line.label), *map(str, line.numbers)] for line in lines]
    told = {"Nouvelles": moved.new, "Renouvelées": moved.renewed, "Maintenues": moved.kept, "Disparues": moved.gone}
    table += [["Depuis l’année précédente", label, str(number), "", "", "", ""] for label, number in told.items()]
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f"attachment; filename=bilan-{slug}-{year}.csv",
    }
    return BOM + "".join(map(csv_line, table)), 200, headers


@blueprint.get("/<slug>/<int:year>/<dimension>-<measure>.svg")
@requires(Permission.READ_REPORT)
def chart(slug: str, year: int, dimension: str, measure: str) -> ResponseReturnValue:
    chosen = DIMENSIONS.get(dimension) or abort(404)
    words, place, colour = MEASURES.get(measure) or abort(404)
    lines = asked(slug, year).read().tables[dimension]
    title = f"{words}, {chosen.title[0].lower()}{chosen.title[1:]}, {year}"
    return bars_image(title, ((row.label, [Bar(row.numbers[place], str(row.numbers[place]), colour)]) for row in lines))
