"""Builds the flow of a definition: full as of an instant, or differential between two."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.core.snapshot import snapshot
from backoffice.models import Flux, FluxKind

from . import published
from .writer import EmptyFlux, Manifest, Progress, beside, write


class UnknownFlux(LookupError):
    """No flow has this code."""


def find(session: Session, code: str) -> Flux:
    flux = session.scalars(select(Flux).where(Flux.code == code)).first()
    if flux is None:
        raise UnknownFlux(f"Aucun flux n’a le code « {code} ».")
    return flux


def full(
    session: Session,
    flux: Flux,
    output: Path,
    *others: Path,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Writes the flow as of `at`, with its manifest, and returns the manifest.

    at: by default a new snapshot instant, after every decision committed so far. The same instant gives the same
    bytes: the export stamp is `at`, not the clock. others: more files written in the same pass, plain or compressed.
    Raises EmptyFlux and UnfitFlux, as `write` does.
    """
    at = at or snapshot(session)
    manifest = Manifest(flux.code, FluxKind.COMPLET, output.name, at.isoformat())
    with closing(published.as_of(session, flux, at)) as pieces:
        return write(manifest, output, pieces, at, progress, *others)


def differential(
    session: Session,
    flux: Flux,
    output: Path,
    *,
    since: datetime,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Writes the fiches that changed after `since`, up to `at`; the manifest lists the numeros that left the flow.

    LHEO requires at least one formation: when fiches only left, the manifest alone is written, with its list and no
    file name. Raises EmptyFlux, and writes nothing, when nothing changed.
    """
    at = at or snapshot(session)
    found = published.changes(session, flux, since, at)
    gone = [change.numero for change in found if change.fragment_id is None]
    manifest = Manifest(flux.code, FluxKind.DIFFERENTIEL, output.name, at.isoformat(), since.isoformat(), removed=gone)
    if gone and len(gone) == len(found):
        output.parent.mkdir(parents=True, exist_ok=True)
        manifest.file = ""
        manifest.save(beside(output))
        return manifest
    return write(manifest, output, published.pieces(session, found), at, progress)


__all__ = ["EmptyFlux", "UnknownFlux", "differential", "find", "full"]
