"""Open data API: published fiches in JSON with filters, keyset pages and changes; the whole offer in three formats.

Public, read-only, without cookies, open to any origin (CORS). Errors are JSON problems (RFC 9457). Validation and the
OpenAPI description read the same tables: exports.open_data.filters.FILTERS for parameters,
exports.open_data.shapes for answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from backoffice.core.extensions import db, limiter
from backoffice.core.permissions import Permission
from backoffice.queries.fiches import changes as changed
from backoffice.queries.fiches import offer as queries
from backoffice.queries.fiches.offer import Search
from backoffice.web import openapi
from backoffice.web.compression import compressed
from backoffice.web.guard import requires
from backoffice.web.problems import RefusedParameters, opened
from exports.open_data import rows
from exports.open_data.filters import FILTERS, TERRITOIRE, Filter
from exports.open_data.shapes import (
    LICENCE,
    LigneAction,
    PageDeFiches,
    ParametreRefuse,
    Retrait,
    UneFiche,
    plain,
)

blueprint = Blueprint("api", __name__, url_prefix="/api")
blueprint.after_request(opened)
blueprint.after_request(compressed)
page = Blueprint("open_data", __name__)

Answer = TypeVar("Answer", bound=BaseResponse)

READS, STREAMS = "120/minute", "10/minute"
"""Rate limits per IP address."""


@page.get("/api")
@requires(Permission.PUBLIC)
def documentation() -> ResponseReturnValue:
    return render_template(
        "fiches/open_data.html",
        filters=FILTERS,
        columns=LigneAction.__dataclass_fields__.values(),
        licence=LICENCE,
        queries=queries,
    )


@blueprint.get("/openapi.json")
@requires(Permission.PUBLIC)
@limiter.limit(READS)
def description() -> ResponseReturnValue:
    return _json(openapi.document(db.session()))


@blueprint.get("/fiches")
@requires(Permission.PUBLIC)
@limiter.limit(READS)
def fiches() -> ResponseReturnValue:
    values = _given((*FILTERS, *openapi.PAGING))
    limit = int(values.pop("limite", queries.USUAL_PAGE))
    kept: dict[str, Any] = {}
    left: Sequence[tuple[str, datetime]] = ()
    cursor = None
    if "depuis" in values:
        changes = _changes(values, limit)
        offers, left, cursor = changes.offers, changes.left, changes.cursor
        if changes.more:
            kept["depuis"] = cursor
    else:
        found = queries.page(db.session(), Search(after=values.pop("apres", ""), limit=limit, values=values))
        offers = found.offers
        if found.after is not None:
            kept["apres"] = found.after
    following = url_for("api.fiches", **{**values, **kept, "limite": limit}) if kept else None
    page = PageDeFiches(
        licence=LICENCE,
        fiches=[rows.public_fiche(offer) for offer in offers],
        retraits=[Retrait(numero=numero, date=at) for numero, at in left],
        suite=following,
        curseur=cursor,
    )
    response = _json(plain(page))
    if following:
        response.headers.add("Link", f'<{following}>; rel="next"')
    return response


def _changes(values: dict[str, str], limit: int) -> changed.Changes:
    """Pops `depuis` from the values, which then are filters."""
    if "apres" in values:
        raise _refused("apres", "« apres » ne va pas avec « depuis » : suivez l’adresse donnée par « suite ».")
    try:
        return changed.changes(db.session(), values.pop("depuis"), values, limit)
    except changed.UnknownCursor as error:
        raise _refused("depuis", "Ce curseur n’est pas connu ici. Relisez tout avec depuis=debut.") from error


def _refused(name: str, message: str) -> RefusedParameters:
    return RefusedParameters([ParametreRefuse(parametre=name, message=message)])


@blueprint.get("/fiches/<numero>")
@requires(Permission.PUBLIC)
@limiter.limit(READS)
def fiche(numero: str) -> ResponseReturnValue:
    _given(())
    found = queries.one(db.session(), numero) if re.fullmatch(queries.NUMERO, numero) else None
    if found is None:
        abort(404)
    return _json(plain(UneFiche(licence=LICENCE, fiche=rows.public_fiche(found))))


@blueprint.get("/offre.csv")
@requires(Permission.PUBLIC)
@limiter.limit(STREAMS)
def offer_csv() -> ResponseReturnValue:
    return _whole(rows.csv_lines, "csv", "text/csv; charset=utf-8")


@blueprint.get("/offre.geojson")
@requires(Permission.PUBLIC)
@limiter.limit(STREAMS)
def offer_geojson() -> ResponseReturnValue:
    return _whole(rows.geojson_parts, "geojson", "application/geo+json")


@blueprint.get("/offre.jsonl")
@requires(Permission.PUBLIC)
@limiter.limit(STREAMS)
def offer_jsonl() -> ResponseReturnValue:
    cursor = changed.present_cursor(db.session())
    response = _whole(rows.json_lines, "jsonl", "application/jsonl")
    if cursor is not None:
        response.headers["Relais-Curseur"] = cursor
    return response


def _whole(writer: rows.Writer, suffix: str, kind: str) -> Response:
    """Streams the offer of ?territoire=, or of all territoires, with an ETag."""
    session = db.session()
    territoire = _given((TERRITOIRE,)).get("territoire", "")
    etag = f"{rows.VERSION}-{queries.stamp(session)}-{territoire or 'tout'}"
    parts = writer(queries.stream(session, territoire))
    response = Response(stream_with_context(_chunks(parts)), content_type=kind)
    response.set_etag(etag, weak=True)
    response.headers["Content-Disposition"] = f"attachment; filename=offre-{territoire or 'france'}.{suffix}"
    response.make_conditional(request)
    return response


def _chunks(parts: Iterable[str], size: int = 1 << 15) -> Iterator[bytes]:
    """Joins the parts into chunks of about `size` characters: one chunk per line would cost more than the lines."""
    kept: list[str] = []
    length = 0
    for part in parts:
        kept.append(part)
        length += len(part)
        if length >= size:
            yield "".join(kept).encode()
            kept, length = [], 0
    yield "".join(kept).encode()


# --- Parameters ------------------------------------------------------------------------------------


def _given(filters: Sequence[Filter]) -> dict[str, str]:
    """The validated parameters of the request. Raises RefusedParameters (422) with the errors of all parameters."""
    known = {row.name: row for row in filters}
    values, faults = {}, []
    for name, texts in request.args.lists():
        message = _fault(known.get(name), texts)
        if message:
            faults.append(ParametreRefuse(parametre=name, message=message))
        values[name] = texts[0]
    if not faults and "commune" in values:
        city = queries.city_of(db.session(), values["commune"])
        if city is None:
            message = f"Aucune commune n’a le code Insee « {values['commune']} »."
            faults.append(ParametreRefuse(parametre="commune", message=message))
        else:
            values["commune"] = city
    if faults:
        raise RefusedParameters(faults)
    return values


def _fault(filter_: Filter | None, texts: list[str]) -> str:
    """The error of one parameter; "" when it is valid."""
    if filter_ is None:
        return "Ce paramètre n’existe pas ici."
    if len(texts) > 1:
        return "Ce paramètre n’accepte qu’une valeur."
    text = texts[0]
    if filter_.codes is not None:
        codes = filter_.codes(db.session())
        return "" if text in codes else f"Valeur inconnue. Valeurs acceptées : {', '.join(codes)}."
    if not 0 < len(text) <= filter_.length:
        return f"Un texte de 1 à {filter_.length} caractères est attendu."
    if filter_.pattern and not re.fullmatch(filter_.pattern, text):
        return f"La forme attendue est celle de « {filter_.example} »."
    return ""


# --- Answers ---------------------------------------------------------------------------------------


def _json(value: Any) -> Response:
    response = Response(json.dumps(value, ensure_ascii=False), mimetype="application/json")
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response
