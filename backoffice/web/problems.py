"""Errors under /api/ as JSON problems (RFC 9457), and the CORS, licence and cache headers of the API."""

from __future__ import annotations

import json

from flask import Response, request
from werkzeug.exceptions import HTTPException, UnprocessableEntity

from exports.open_data.shapes import LICENCE_URL, ParametreRefuse, Probleme, plain

PREFIX = "/api/"

PROBLEMS = {
    404: ("Rien à cette adresse", "Aucune fiche publiée n’a ce numéro, ou l’adresse est incomplète."),
    405: ("Lecture seule", "Ces données se lisent avec GET ou HEAD."),
    422: ("Paramètres refusés", "Corrigez les paramètres cités dans « erreurs » ; /api les explique tous."),
    429: ("Trop de demandes en peu de temps", "Attendez une minute. Pour tout lire, prenez /api/offre.csv."),
    500: ("Une erreur s’est produite chez nous", "Essayez de nouveau dans quelques minutes."),
    503: ("Relais ne peut pas répondre pour le moment", "Essayez de nouveau dans une minute."),
}


class RefusedParameters(UnprocessableEntity):
    def __init__(self, faults: list[ParametreRefuse]):
        super().__init__()
        self.faults = faults


def problem(error: HTTPException) -> Response:
    """The error as a JSON problem. Chosen by path prefix, because an unknown address has no endpoint."""
    response = error.get_response()
    status = error.code or 500
    title, detail = PROBLEMS.get(status, PROBLEMS[422 if status < 500 else 500])
    faults = error.faults if isinstance(error, RefusedParameters) else []
    told = Probleme(type="about:blank", title=title, status=status, detail=detail, erreurs=faults)
    response.set_data(json.dumps(plain(told), ensure_ascii=False))
    response.content_type = "application/problem+json"
    if status in (429, 503):
        response.headers["Retry-After"] = "60"
    return opened(response)  # type: ignore[arg-type]


def opened(response: Response) -> Response:
    """Adds the headers: readable from any origin (CORS), licence link, revalidation before each reuse."""
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = "ETag, Link, Relais-Curseur, Retry-After"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        headers["Access-Control-Allow-Headers"] = "If-None-Match"
    licence = f'<{LICENCE_URL}>; rel="license"'
    if licence not in headers.getlist("Link"):
        headers.add("Link", licence)
    headers["Cache-Control"] = "no-cache"
    return response
