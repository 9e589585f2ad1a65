"""The columns that a structure or a territoire chose last time, for the headers of its tables."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models import ImportJob, ImportKind, ImportMapping
from workflows.structures.operations import living


def remembered(session: Session, job: ImportJob) -> dict[str, str]:
    """{header: key} as last chosen for the structure, or for the territoire, of the job."""
    found = _mapping(session, job)
    own = _shelf(job)
    return {key.removeprefix(own): value for key, value in found.chosen.items() if _of(key, own)} if found else {}


def remember(session: Session, job: ImportJob, chosen: dict[str, str]) -> None:
    if job.organisme_id is not None:
        living(session, job.organisme_id)  # prevents a merge until the row is written
        session.refresh(job)
    found = _mapping(session, job)
    if found is None:
        whose = {"organisme_id": job.organisme_id} if job.organisme_id else {"territoire_id": job.territoire_id}
        found = ImportMapping(**whose, chosen={})
        session.add(found)
    own = _shelf(job)
    found.chosen = {**found.chosen, **{f"{own}{header}": key for header, key in chosen.items()}}
    session.flush()


def _shelf(job: ImportJob) -> str:
    """Prefix of the remembered headers: «SIRET» maps to two columns, in a list of conventions and in one of fiches."""
    return f"{job.kind}\x1f" if job.kind is ImportKind.CONVENTIONS else ""


def _of(key: str, shelf: str) -> bool:
    """Whether a remembered header has this prefix; without a prefix, whether it has none."""
    return key.startswith(shelf) if shelf else "\x1f" not in key


def _mapping(session: Session, job: ImportJob) -> ImportMapping | None:
    mine = ImportMapping.organisme_id == job.organisme_id
    if job.organisme_id is None:
        mine = ImportMapping.territoire_id == job.territoire_id
    return session.scalars(select(ImportMapping).where(mine)).first()
