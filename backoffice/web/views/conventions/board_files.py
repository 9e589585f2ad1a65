"""Files of the board: CSV and XLSX tables, map and charts in SVG."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.dates import NBSP, local_day
from backoffice.core.extensions import db
from backoffice.core.permissions import Permission
from backoffice.models import ObligationKind, ObligationState
from backoffice.queries.conventions import board
from backoffice.reference.communes import departements
from backoffice.reference.programmes import obligations as rules
from backoffice.reference.tiles import tiles
from backoffice.web.board import asked
from backoffice.web.guard import requires
from exports.documents.sheets import Cell, csv_table, xlsx_table

blueprint = Blueprint("board_files", __name__, url_prefix="/suivi")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLOURS = {
    ObligationState.VERIFIEE: "#17633a",
    ObligationState.DECLAREE: "#2c6aa8",
    ObligationState.A_FOURNIR: "#e0a33a",
    ObligationState.NON_CONFORME: "#a51c1c",
    ObligationState.SANS_OBJET: "#c9d5d8",
}
"""Colours of the bars; each part also shows its number and its label."""


# --- Tables -----------------------------------------------------------------------------------------

HEADS = ("Référence", "Structure", "SIRET", "Programme", "Département", "Année", "Montant en euros")
OF_ONE = ("état", "depuis", "par", "échéance", "en retard")
OF_MANY = ("vérifiées", "dues", "en retard")


def projects() -> list[list[Cell]]:
    """Rows of the filtered projects; the first row holds the headers."""
    filters, _ = asked()
    titles = [rules()[kind].label for kind in ObligationKind]
    heads = [f"{title}{NBSP}: {what}" for title in titles for what in OF_ONE]
    table: list[list[Cell]] = [[*HEADS, *heads, "Adresse de l’enquête PNE", "Dernière relance"]]
    for row in board.every(db.session(), current_user, filters):
        one = row.convention
        cells: list[Cell] = [one.reference, one.structure_name, one.siret, one.programme, one.departement, one.annee]
        cells.append(None if one.montant is None else one.montant / 100)
        for kind in ObligationKind:
            found = one.obligation(kind)
            cells += [found.state.label, local_day(found.changed_at), found.changed_by.name, found.due_on]
            cells.append("oui" if found.late else "non")
        reminded = local_day(row.reminded_at) if row.reminded_at else None
        table.append([*cells, one.contact_state.label, reminded])
    return table


def summary() -> list[list[Cell]]:
    """Rows of the figures of the board; the first row holds the headers."""
    filters, _ = asked()
    found = board.figures(db.session(), current_user, filters)
    heads: list[Cell] = ["", "", "Projets", "Montant en euros"]
    heads += [f"{rules()[kind].label}{NBSP}: {what}" for kind in ObligationKind for what in OF_MANY]
    table: list[list[Cell]] = [heads]
    parts = ("Total", [found.total]), ("Programme", found.programmes), ("Département", found.departements)
    for title, lines in parts:
        for line in lines:
            cells: list[Cell] = [title, line.name, line.projects, line.amount / 100]
            for tally in line.kinds.values():
                cells += [tally.met, tally.due, tally.late]
            table.append(cells)
    return table


def unfunded() -> list[list[Cell]]:
    """Rows of the published fiches that no project of the year funds; the first row holds the headers."""
    filters, _ = asked()
    table: list[list[Cell]] = [["Numéro", "Intitulé", "Structure", "SIRET", "Dispositif", "Département"]]
    for fiche in board.unfunded(db.session(), current_user, filters):
        shown = fiche.published_revision
        assert shown is not None
        where = [fiche.organisme.nom, fiche.organisme.siret or "", fiche.dispositif, shown.departement]
        table.append([fiche.numero, shown.title, *where])
    return table


TABLES = {"projets": projects, "chiffres": summary, "non-financees": unfunded}


@blueprint.get("/<table>.csv")
@requires(Permission.READ_REPORT)
def csv(table: str) -> ResponseReturnValue:
    rows = TABLES[table]() if table in TABLES else abort(404)
    return csv_table(rows), 200, _download("text/csv; charset=utf-8", f"{table}.csv")


@blueprint.get("/<table>.xlsx")
@requires(Permission.READ_REPORT)
def xlsx(table: str) -> ResponseReturnValue:
    rows = TABLES[table]() if table in TABLES else abort(404)
    return xlsx_table(table.capitalize(), rows), 200, _download(XLSX, f"{table}.xlsx")


def _download(kind: str, name: str) -> dict[str, str]:
    return {"Content-Type": kind, "Content-Disposition": f"attachment; filename=suivi-{asked()[0].annee}-{name}"}


# --- Charts: their figures are also in the tables of the page ---------------------------------------

TILE, GAP, TOP = 60, 4, 76
"""In SVG units: side of a tile, gap between two tiles, offset of the first row."""
SHADES = ((0.5, "#a51c1c", "#ffffff"), (0.25, "#f2b46b", "#16262a"), (0.000001, "#ffe6b8", "#16262a"))
"""(minimum share of late projects, fill colour, text colour)"""


@blueprint.get("/carte.svg")
@requires(Permission.READ_REPORT)
def map_drawing() -> ResponseReturnValue:
    filters, _ = asked()
    late = board.late_projects(db.session(), current_user, filters)
    drawn = []
    for code, (column, row) in tiles().items():
        number, of = late.get(code, (0, 0))
        fill, ink = _shade(number, of)
        place = {"x": 10 + column * (TILE + GAP), "y": TOP + row * (TILE + GAP), "fill": fill, "ink": ink}
        drawn.append({"code": code, "number": number, "of": of, "nom": departements()[code].nom, **place})
    return _svg("conventions/board/map.svg", tiles=drawn, side=TILE, annee=filters.annee)


def _shade(number: int, of: int) -> tuple[str, str]:
    if not of:
        return "#eef2f3", "#4a5a5e"
    return next(((fill, ink) for least, fill, ink in SHADES if number / of >= least), ("#d9f0e1", "#0d4a27"))


@blueprint.get("/obligations.svg")
@requires(Permission.READ_REPORT)
def bars_page() -> ResponseReturnValue:
    filters, _ = asked()
    total = board.figures(db.session(), current_user, filters).total
    bars = []
    for rank, (kind, tally) in enumerate(total.kinds.items()):
        parts, left = [], 170.0
        for state in COLOURS:
            number = tally.states.get(state, 0)
            width = number / (total.projects or 1) * 620
            if number:
                words = f"{number} {state.label.lower()}"
                parts.append({"x": left, "width": width, "fill": COLOURS[state], "words": words})
            left += width
        bars.append({"label": rules()[kind].label, "y": 60 + rank * 66, "parts": parts})
    return _svg("conventions/board/obligations.svg", bars=bars, annee=filters.annee)


def _svg(template: str, **values: Any) -> ResponseReturnValue:
    return render_template(template, **values), 200, {"Content-Type": "image/svg+xml; charset=utf-8"}
