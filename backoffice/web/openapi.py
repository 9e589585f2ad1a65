"""The OpenAPI 3.1 document of the open data, built from the tables that the API itself uses."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backoffice.queries.fiches.changes import CURSOR, START
from backoffice.queries.fiches.offer import LARGEST_PAGE, NUMERO, USUAL_PAGE
from exports.open_data.filters import FILTERS, TERRITOIRE, Filter
from exports.open_data.shapes import LICENCE, LigneAction, PageDeFiches, Probleme, Schemas, UneFiche

PAGING = (
    Filter(
        "depuis",
        "Curseur déjà reçu : seulement ce qui a changé après lui, retraits compris ; debut : tout, pour commencer. "
        "Ne va pas avec « apres ».",
        pattern=CURSOR,
        length=40,
        example=START,
    ),
    Filter("apres", "Numéro de la dernière fiche déjà lue.", pattern=NUMERO, length=30, example="28_NO000123"),
    Filter(
        "limite",
        f"Nombre de fiches de la page, de 1 à {LARGEST_PAGE} ; {USUAL_PAGE} si rien n’est dit.",
        pattern="[1-9][0-9]?|100",
        length=3,
        example="25",
    ),
)

NOT_CHANGED = {"description": "Rien n’a changé depuis la copie que désigne If-None-Match"}


def document(session: Session) -> dict[str, Any]:
    schemas = Schemas()
    territoire = [_parameter(session, TERRITOIRE)]
    search = [_parameter(session, row) for row in (*FILTERS, *PAGING)]
    search[-1]["schema"] = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": USUAL_PAGE}
    numero = {
        "name": "numero",
        "in": "path",
        "required": True,
        "description": "Numéro de la fiche.",
        "schema": {"type": "string", "pattern": f"^{NUMERO}$"},
    }
    problem = schemas.of(Probleme)
    paths = {
        "/api/fiches": _get(
            "Les fiches publiées, par numéro, une page à la fois",
            "fiches",
            search,
            {"application/json": schemas.of(PageDeFiches)},
            problem,
        ),
        "/api/fiches/{numero}": _get(
            "Une fiche publiée", "fiche", [numero], {"application/json": schemas.of(UneFiche)}, problem, missing=True
        ),
        "/api/offre.geojson": _get(
            "L’offre publiée en GeoJSON (RFC 7946), une entité par action (un groupe dans un lieu). Le point est "
            "celui de la commune, à un kilomètre près (GeoNames, CC BY 4.0) ; null pour les plus petites.",
            "offreGeojson",
            territoire,
            {"application/geo+json": _collection(schemas)},
            problem,
        ),
        "/api/offre.jsonl": _get(
            "L’offre publiée en JSON Lines : une fiche par ligne, comme dans /api/fiches. L’en-tête Relais-Curseur "
            "donne le curseur d’où suivre les changements.",
            "offreJsonl",
            territoire,
            {"application/jsonl": {"type": "string"}},
            problem,
        ),
        "/api/offre.csv": _get(
            "L’offre publiée en CSV pour tableur (UTF-8 avec BOM, points-virgules), une ligne par action. Un texte "
            "qu’un tableur prendrait pour une formule est précédé d’une apostrophe.",
            "offreCsv",
            territoire,
            {"text/csv": {"type": "string"}},
            problem,
        ),
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Relais – offre publiée de formation linguistique",
            "version": "1",
            "description": "Les fiches publiées, telles que les lecteurs les voient. Lecture seule, sans clé.",
            "license": {"name": LICENCE.nom, "url": LICENCE.url},
        },
        "paths": paths,
        "components": {"schemas": schemas.components},
    }


def _parameter(session: Session, row: Filter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if row.codes is not None:
        schema["enum"] = [str(code) for code in row.codes(session)]
    else:
        schema |= {"minLength": 1, "maxLength": row.length}
        if row.pattern:
            schema["pattern"] = f"^({row.pattern})$"
    return {
        "name": row.name,
        "in": "query",
        "required": False,
        "description": row.description,
        "schema": schema,
        "example": int(row.example) if row.name == "limite" else row.example,
    }


def _get(
    summary: str,
    operation: str,
    parameters: list[dict[str, Any]],
    content: dict[str, Any],
    problem: dict[str, Any],
    *,
    missing: bool = False,
) -> dict[str, Any]:
    said = {"content": {"application/problem+json": {"schema": problem}}}
    answers: dict[str, Any] = {
        "200": {
            "description": f"Sous {LICENCE.nom}",
            "headers": {
                "ETag": {"description": "Désigne cette réponse", "schema": {"type": "string"}},
                "Vary": {
                    "description": "Accept-Encoding : compressée (gzip) si on l’accepte",
                    "schema": {"type": "string"},
                },
            },
            "content": {kind: {"schema": schema} for kind, schema in content.items()},
        },
        "304": NOT_CHANGED,
        "422": {"description": "Un paramètre ou sa valeur n’existe pas", **said},
        "429": {"description": "Trop de demandes en peu de temps", **said},
    }
    if missing:
        answers["404"] = {"description": "Aucune fiche publiée n’a ce numéro", **said}
    return {
        "get": {"operationId": operation, "summary": summary, "parameters": parameters, "responses": answers},
    }


POINT = {
    "type": "object",
    "properties": {
        "type": {"const": "Point"},
        "coordinates": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    },
    "required": ["type", "coordinates"],
    "additionalProperties": False,
}
"""Longitude, then latitude, in degrees (WGS 84)."""


def _collection(schemas: Schemas) -> dict[str, Any]:
    feature = {
        "type": "object",
        "properties": {
            "type": {"const": "Feature"},
            "id": {"type": "string"},
            "geometry": {"anyOf": [POINT, {"type": "null"}]},
            "properties": schemas.of(LigneAction),
        },
        "required": ["type", "id", "geometry", "properties"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "type": {"const": "FeatureCollection"},
            "licence": schemas.of(type(LICENCE)),
            "features": {"type": "array", "items": feature},
        },
        "required": ["type", "licence", "features"],
        "additionalProperties": False,
    }
