"""Serving flows to machines: full file, conditional and range requests, in constant memory.

A private flow needs the header ``Authorization: Bearer <key>``. Only files named by the manifest are served: each full
flow is a separate file that never changes, so an answer never mixes two flows.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Blueprint, Response, abort, request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import PARIS
from backoffice.core.extensions import db, limiter, read_only
from backoffice.core.passwords import token_hash
from backoffice.core.permissions import Permission
from backoffice.models import Flux, FluxToken
from backoffice.web.guard import requires
from exports.flux.build import differential
from exports.flux.writer import EmptyFlux
from workflows.flux.runs import CURRENT, folder_of

blueprint = Blueprint("flux", __name__, url_prefix="/flux/<code>")

XML, GZIP, JSON = "application/xml", "application/gzip", "application/json"
USE_NOTED_EVERY = timedelta(minutes=1)


@blueprint.get("/complet.xml")
@requires(Permission.PUBLIC)
def full(code: str) -> ResponseReturnValue:
    """The full flow; gzip-encoded when the client accepts it, except for a range request."""
    flux = readable(code)
    manifest = _manifest(flux)
    name = Path(manifest["file"])
    if "Range" not in request.headers and request.accept_encodings.quality("gzip"):
        response = _send(flux, name.name, manifest["sha256"], manifest, XML)
        response.headers["Content-Encoding"] = "gzip"
    else:
        plain = name.with_suffix("").name
        response = _send(flux, plain, manifest["others"][plain]["sha256"], manifest, XML)
    response.vary.add("Accept-Encoding")
    return response


@blueprint.get("/complet.xml.gz")
@requires(Permission.PUBLIC)
def compressed(code: str) -> ResponseReturnValue:
    flux = readable(code)
    manifest = _manifest(flux)
    return _send(flux, manifest["file"], manifest["sha256"], manifest, GZIP)


@blueprint.get("/manifeste.json")
@requires(Permission.PUBLIC)
def manifest_page(code: str) -> ResponseReturnValue:
    flux = readable(code)
    manifest = _manifest(flux)
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    response = Response(text, mimetype=JSON)
    response.set_etag(manifest["sha256"])
    response.last_modified = datetime.fromisoformat(manifest["at"])
    response.headers["Cache-Control"] = "no-cache"
    return response.make_conditional(request)


@blueprint.get("/differentiel")
@requires(Permission.PUBLIC)
@limiter.limit("60/minute")
def differential_page(code: str) -> ResponseReturnValue:
    """Changes from ``?depuis=`` (``at`` of the reader's last manifest) to the current full flow, in LHEO.

    204 when nothing changed. When fiches were only removed, LHEO cannot express it: the answer is the JSON manifest.
    """
    flux = readable(code)
    since, at = _moment(request.args.get("depuis", "")), datetime.fromisoformat(_manifest(flux)["at"])
    if since >= at:
        return Response(status=204)
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{code}-differentiel.xml"
        try:
            manifest = differential(db.session(), flux, file, since=since, at=at)
        except EmptyFlux:
            return Response(status=204)
        if not manifest.file:
            return send_file(file.with_name(f"{file.name}.manifest.json"), mimetype=JSON, etag=False, max_age=0)
        # The file stays readable after its folder is deleted: the response holds it open.
        return send_file(file, mimetype=XML, etag=manifest.sha256, last_modified=at, conditional=True, max_age=0)


def readable(code: str) -> Flux:
    """The flow, when it is public or the key is valid. 404 when it is unknown or inactive, 401 without a valid key."""
    flux = db.session.scalars(select(Flux).where(Flux.code == code.replace("\x00", ""), Flux.active)).first()
    if flux is None:
        abort(404)
    if not flux.public and not _key_opens(flux):
        response = Response("Une clé de lecture est demandée : Authorization: Bearer …\n", 401, mimetype="text/plain")
        response.headers["WWW-Authenticate"] = 'Bearer realm="flux"'
        abort(response)
    return flux


def _key_opens(flux: Flux) -> bool:
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        return False
    found = db.session.scalars(
        select(FluxToken).where(
            FluxToken.token_hash == token_hash(key.strip()),
            FluxToken.flux_id == flux.id,
            FluxToken.revoked_at.is_(None),
        )
    ).first()
    if found is None:
        return False
    if found.last_used_at is None or found.last_used_at < now() - USE_NOTED_EVERY:
        _note_use(found.id)
    return True


def _note_use(token_id: int) -> None:
    """Writes last_used_at in a separate transaction: the request itself is read-only."""
    mark = read_only.set(False)
    try:
        with Session(db.engine) as session:
            session.execute(update(FluxToken).where(FluxToken.id == token_id).values(last_used_at=now()))
            session.commit()
    finally:
        read_only.reset(mark)


def _manifest(flux: Flux) -> dict[str, Any]:
    """The manifest of the current full flow; 404 while there is none."""
    try:
        manifest: dict[str, Any] = json.loads((folder_of(flux.code) / CURRENT).read_text())
    except FileNotFoundError:
        abort(404)
    return manifest


def _send(flux: Flux, name: str, etag: str, manifest: dict[str, Any], kind: str) -> Response:
    file = folder_of(flux.code) / name
    at = datetime.fromisoformat(manifest["at"])
    try:
        response = send_file(file, mimetype=kind, etag=etag, last_modified=at, conditional=True, max_age=0)
    except FileNotFoundError:
        abort(404)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))  # a + in a URL is read as a space
    except ValueError:
        abort(Response(f"« depuis » n’est pas un moment : {text[:40]!r}\n", 400, mimetype="text/plain"))
    return found if found.tzinfo else found.replace(tzinfo=PARIS)
