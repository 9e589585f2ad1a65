"""Making and publishing flows: asked, run by a job, followed, stopped, started again.

In the folder of a flow, each full flow has a name of its own and never changes; ``manifeste.json``
names the present one and is replaced at once: whoever reads never meets a torn or mixed file. The lock
file is held while a flow is being made: two runs of one flow wait in line, and a run whose lock is free
though it says «en cours» was killed.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.extensions import db, folders, read_only
from backoffice.core.snapshot import snapshot
from backoffice.core.transactions import atomic
from backoffice.models import Flux, FluxKind, FluxRun, RunState
from exports.flux import published
from exports.flux.build import differential, full
from exports.flux.writer import MANIFEST, EmptyFlux, Manifest, UnfitFlux, beside
from workflows.fiches.fragment_refresh import refresh_stale
from workflows.notices.outbox import tell
from workflows.work.jobs import enqueue

JOB = "workflows.flux.runs.run"
ON_MAP = "workflows.conventions.on_map.recompute"
"""What a published flow proves to funders."""
CURRENT = "manifeste.json"

log = logging.getLogger(__name__)


class Stopped(Exception):
    """Somebody asked this run to stop."""


def ask(session: Session, flux: Flux, since: datetime | None = None) -> FluxRun:
    """A new run, that a job will make after the commit; with `since`, of what changed after that moment."""
    kind = FluxKind.DIFFERENTIEL if since else FluxKind.COMPLET
    run_ = FluxRun(flux_id=flux.id, kind=kind, since=since)
    session.add(run_)
    session.flush()
    enqueue(session, JOB, run_.id)
    return run_


def ask_again(session: Session, run_: FluxRun) -> None:
    """Starts again a run that failed, was stopped, or was killed while it worked."""
    run_.state, run_.stop_asked, run_.done, run_.message = RunState.EN_ATTENTE, False, 0, None
    session.flush()
    enqueue(session, JOB, run_.id)


def ask_to_stop(session: Session, run_: FluxRun) -> None:
    run_.stop_asked = True
    if run_.state is RunState.EN_ATTENTE or interrupted(run_):
        run_.state = RunState.ARRETE
    session.flush()


def run(run_id: int) -> None:
    """The job: makes one flow and publishes it. Done twice, it is made once."""
    code = db.session.scalars(select(Flux.code).join(FluxRun).where(FluxRun.id == run_id)).one()
    db.session.rollback()
    folder = folder_of(code)
    with _alone(folder):
        if not _begin(run_id):
            return
        try:
            with atomic() as session:
                _, refused = refresh_stale(session)
            manifest = _make(run_id, folder)
        except Stopped:
            _end(run_id, RunState.ARRETE, "Arrêté à la demande.")
        except EmptyFlux as error:
            _end(run_id, RunState.VIDE, str(error))
        except UnfitFlux as error:
            log.error("flux %s non publié : %s", code, error)
            _end(run_id, RunState.ECHOUE, f"{error} Le dernier flux publié reste en place.")
        except Exception as error:
            _end(run_id, RunState.ECHOUE, f"{type(error).__name__} : le dernier flux publié reste en place.")
            raise
        else:
            _end(run_id, RunState.REUSSI, _worth_telling(manifest, refused), manifest)


def _worth_telling(manifest: Manifest, refused: list[int]) -> str | None:
    """That fragments of an older version had to stay, or that a differential could say departures only."""
    said = []
    if manifest.removed:
        said.append(f"{len(manifest.removed)} retraits.")
    if not manifest.formations:
        said.append("LHEO ne sait pas dire un retrait seul : le manifeste en donne la liste.")
    if refused:
        fiches = ", ".join(map(str, refused[:20]))
        said.append(f"{len(refused)} fiches gardent leur fragment d’avant, que la version présente refuse : {fiches}.")
    return " ".join(said) or None


def folder_of(code: str) -> Path:
    return folders.flux / code


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the process ends, however it ends
        yield


def _begin(run_id: int) -> bool:
    """Takes the run, unless it is done or stopped already."""
    with atomic() as session:
        run_ = session.get_one(FluxRun, run_id, with_for_update=True, populate_existing=True)
        if run_.state not in (RunState.EN_ATTENTE, RunState.EN_COURS):
            return False
        run_.state, run_.started_at, run_.done = RunState.EN_COURS, now(), 0
    return True


def _make(run_id: int, folder: Path) -> Manifest:
    at = snapshot(db.session())
    mark = read_only.set(True)
    try:
        with Session(db.engine) as session:
            run_ = session.get_one(FluxRun, run_id)
            flux, kind, since = run_.flux, run_.kind, run_.since
            name = f"{kind}-{at:%Y%m%dT%H%M%S%f}Z.xml"
            packed, plain = folder / f"{name}.gz", folder / name
            progress = lambda done: _progress(run_id, done)  # noqa: E731
            if since:
                _note(run_id, at=at)
                manifest = differential(session, flux, packed, since=since, at=at, progress=progress)
            else:
                _note(run_id, total=published.count(session, flux, at), at=at)
                manifest = full(session, flux, packed, plain, at=at, progress=progress)
            kept = flux.kept
    finally:
        read_only.reset(mark)
    if kind is FluxKind.COMPLET:
        manifest.save(folder / CURRENT)
    _retire(folder, kind, kept)
    if not manifest.file:
        told = beside(packed)
        manifest.file, manifest.size, manifest.sha256 = told.name, told.stat().st_size, _sha256(told)
    return manifest


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _progress(run_id: int, done: int) -> None:
    if _note(run_id, done=done):
        raise Stopped


def _note(run_id: int, **values: object) -> bool:
    """Writes how far a run is, in a transaction of its own; True when it was asked to stop."""
    mark = read_only.set(False)
    try:
        with Session(db.engine) as session:
            session.execute(update(FluxRun).where(FluxRun.id == run_id).values(**values))
            asked = session.scalar(select(FluxRun.stop_asked).where(FluxRun.id == run_id))
            session.commit()
        return bool(asked)
    finally:
        read_only.reset(mark)


def _end(run_id: int, state: RunState, message: str | None, manifest: Manifest | None = None) -> None:
    with atomic() as session:
        run_ = session.get_one(FluxRun, run_id, with_for_update=True, populate_existing=True)
        run_.ended_at, run_.message = now(), message
        if manifest is not None:
            run_.done = manifest.formations
            run_.file, run_.size, run_.sha256 = manifest.file, manifest.size, manifest.sha256
        run_.state = state
        if state is RunState.REUSSI and run_.kind is FluxKind.COMPLET:
            enqueue(session, ON_MAP, run_.flux.territoire_id)
        if state is RunState.ECHOUE:
            facts = {"flux": run_.flux.title, "raison": message, "fabrication": run_id}
            tell(session, "flux_en_echec", key=f"{run_id} {run_.ended_at}", facts=facts)


def _retire(folder: Path, kind: FluxKind, kept: int) -> None:
    """Deletes the oldest flows beyond those to keep. A reader that has one open still reads it whole."""
    manifests = sorted(folder.glob(f"{kind}-*.xml.gz{MANIFEST}"))
    for manifest in manifests[: -(kept + 1)]:
        packed = folder / manifest.name.removesuffix(MANIFEST)
        for old in (packed.with_suffix(""), packed, manifest):
            old.unlink(missing_ok=True)


def interrupted(run_: FluxRun) -> bool:
    """Whether a run that says it works was killed: nobody holds the lock of its flow."""
    if run_.state is not RunState.EN_COURS:
        return False
    lock = folder_of(run_.flux.code) / ".lock"
    if not lock.exists():
        return True
    descriptor = os.open(lock, os.O_WRONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def may_begin_again(run_: FluxRun) -> bool:
    return run_.state in (RunState.ECHOUE, RunState.ARRETE, RunState.VIDE, RunState.EN_ATTENTE) or interrupted(run_)


def file_of(run_: FluxRun) -> Path | None:
    """What a run wrote, while it is kept."""
    file = folder_of(run_.flux.code) / run_.file if run_.file else None
    return file if file and file.exists() else None


def in_trouble(run_: FluxRun) -> bool:
    """Whether somebody must look at this run: it failed, or it was killed."""
    return run_.state is RunState.ECHOUE or interrupted(run_)


def publish_all() -> None:
    """The nightly job: asks for every active flow. Several workers make them side by side."""
    with atomic() as session:
        for flux in session.scalars(select(Flux).where(Flux.active).order_by(Flux.id)):
            ask(session, flux)
