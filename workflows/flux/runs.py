"""Runs that build and publish a flow in a job: request, progress, stop, restart.

In the folder of a flow, each full flow is a file with its own name that never changes; ``manifeste.json`` names the
current one and is replaced atomically, so a reader never gets a partial file. A lock file is held while a flow is
built: two runs of one flow are serialised, and a run in state «en cours» whose lock is free was killed.
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
"""Job enqueued after a full flow is published: it updates the obligation «sur la carte»."""
CURRENT = "manifeste.json"

log = logging.getLogger(__name__)


class Stopped(Exception):
    """A user asked this run to stop."""


def ask(session: Session, flux: Flux, since: datetime | None = None) -> FluxRun:
    """Creates a run and enqueues its job. since: builds a differential flow of the changes after this instant."""
    kind = FluxKind.DIFFERENTIEL if since else FluxKind.COMPLET
    run_ = FluxRun(flux_id=flux.id, kind=kind, since=since)
    session.add(run_)
    session.flush()
    enqueue(session, JOB, run_.id)
    return run_


def ask_again(session: Session, run_: FluxRun) -> None:
    """Enqueues again a run that failed, was stopped or was killed. See `may_begin_again`."""
    run_.state, run_.stop_asked, run_.done, run_.message = RunState.EN_ATTENTE, False, 0, None
    session.flush()
    enqueue(session, JOB, run_.id)


def ask_to_stop(session: Session, run_: FluxRun) -> None:
    run_.stop_asked = True
    if run_.state is RunState.EN_ATTENTE or interrupted(run_):
        run_.state = RunState.ARRETE
    session.flush()


def run(run_id: int) -> None:
    """The job: builds one flow and publishes it. Idempotent. Expected failures are recorded, others are raised too."""
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
    """Message of a successful run: removals of a differential flow, and fiches that kept an older fragment."""
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
    """Sets the run to EN_COURS. Returns False when it is already finished or stopped."""
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
    """Updates a run in a separate transaction. Returns True when a stop was requested."""
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
    """Deletes the oldest flows: the current one and `kept` previous ones remain. Open readers are not affected."""
    manifests = sorted(folder.glob(f"{kind}-*.xml.gz{MANIFEST}"))
    for manifest in manifests[: -(kept + 1)]:
        packed = folder / manifest.name.removesuffix(MANIFEST)
        for old in (packed.with_suffix(""), packed, manifest):
            old.unlink(missing_ok=True)


def interrupted(run_: FluxRun) -> bool:
    """Whether a run in state EN_COURS was killed: the lock of its flow is free."""
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
    """The file that a run wrote; None when there is none or it was deleted."""
    file = folder_of(run_.flux.code) / run_.file if run_.file else None
    return file if file and file.exists() else None


def in_trouble(run_: FluxRun) -> bool:
    """Whether the run failed or was killed."""
    return run_.state is RunState.ECHOUE or interrupted(run_)


def publish_all() -> None:
    """The nightly job: creates a run of every active flow. Several workers can run them in parallel."""
    with atomic() as session:
        for flux in session.scalars(select(Flux).where(Flux.active).order_by(Flux.id)):
            ask(session, flux)
