"""Import jobs. Only the person who created a job sees it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from backoffice.models import ImportJob, ImportKind, ImportLine, Outcome, User
from backoffice.models.importing import FICHE_KINDS
from backoffice.queries.paging import Key, Page, Place, keyset_page

PAGE = 100
MOST_FAULTY = 500


@dataclass(frozen=True)
class Lines:
    """One page of the report. counts, imported: {outcome: number of lines} over the whole file.

    counts: planned outcome of the lines not imported yet; imported: result of the others.
    """

    page: Page[ImportLine]
    counts: dict[Outcome, int]
    imported: dict[Outcome, int]


def own_job(session: Session, user: User, job_id: int, kinds: Collection[ImportKind] = FICHE_KINDS) -> ImportJob | None:
    return session.scalars(_own(user, kinds).where(ImportJob.id == job_id)).first()


def own_jobs(session: Session, user: User, kinds: Collection[ImportKind] = FICHE_KINDS) -> Sequence[ImportJob]:
    """The latest 20 jobs, latest first."""
    return session.scalars(
        _own(user, kinds)
        .options(joinedload(ImportJob.organisme), joinedload(ImportJob.territoire))
        .order_by(ImportJob.id.desc())
        .limit(20)
    ).all()


def _own(user: User, kinds: Collection[ImportKind]) -> Select[ImportJob]:
    return select(ImportJob).where(ImportJob.created_by_id == user.id, ImportJob.kind.in_(kinds))


def lines(session: Session, job: ImportJob, place: Place) -> Lines:
    mine = ImportLine.job_id == job.id
    counts = _counts(session, ImportLine.plan, mine, ImportLine.result.is_(None))
    imported = _counts(session, ImportLine.result, mine, ImportLine.result.is_not(None))
    keys = (Key(ImportLine.rank), Key(ImportLine.id))
    return Lines(
        keyset_page(session, select(ImportLine).where(mine), keys, place, PAGE, counted=True), counts, imported
    )


@dataclass(frozen=True)
class Amounts:
    """Sums, in cents, of the amounts of the lines that are read, in the base before the import and after it."""

    lines: int
    before: int
    after: int


def amounts(session: Session, job: ImportJob) -> Amounts:
    """Of a list of grants. A line without amount counts for nothing."""
    rows = session.execute(
        select(ImportLine.report["before"].as_float(), ImportLine.read["montant"].as_float()).where(
            ImportLine.job_id == job.id, ImportLine.plan.not_in((Outcome.ECARTEE, Outcome.ECHEC))
        )
    ).all()
    before, after = (sum(int(row[rank] or 0) for row in rows) for rank in (0, 1))
    return Amounts(len(rows), before, after)


def line(session: Session, job: ImportJob, line_id: int) -> ImportLine | None:
    """A line of this job."""
    return session.scalars(select(ImportLine).where(ImportLine.job_id == job.id, ImportLine.id == line_id)).first()


def faulty(session: Session, job: ImportJob) -> Sequence[ImportLine]:
    """The lines that are rejected or failed, over the whole file; MOST_FAULTY at most."""
    wrong = or_(ImportLine.plan == Outcome.ECARTEE, ImportLine.result == Outcome.ECHEC)
    query = select(ImportLine).where(ImportLine.job_id == job.id, wrong).order_by(ImportLine.rank)
    return session.scalars(query.limit(MOST_FAULTY)).all()


def _counts(session: Session, column: Any, *conditions: Any) -> dict[Outcome, int]:
    return dict(session.execute(select(column, func.count()).where(*conditions).group_by(column)).all())
