"""Scheduled upkeep of conventions: attach to structures registered since; reopen pages checked over 6 months ago."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased, joinedload

from backoffice.core.clock import now
from backoffice.core.dates import local_day, short_day
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import (
    Assignment,
    Convention,
    Matching,
    Obligation,
    ObligationEvent,
    ObligationKind,
    ObligationState,
    User,
)
from backoffice.models.transition_names import ObligationTransition
from workflows.notices.audiences import Addressee
from workflows.notices.outbox import tell
from workflows.robot import robot

from .obligations import apply
from .operations import recognise_one
from .recognition import NUMBERS, recognise

STALE = timedelta(days=183)
"""Age of a check after which a page on Réfugiés.info must be checked again."""


def rematch() -> None:
    """Nightly job: attaches the conventions without structure. Where a person said there is none, only a match by
    SIRET or RNA attaches it."""
    with atomic() as session:
        ids = session.scalars(select(Convention.id).where(Convention.matching != Matching.RATTACHEE)).all()
    for convention_id in ids:
        with atomic() as session:
            _rematch(session, session.get_one(Convention, convention_id))


def _rematch(session: Session, convention: Convention) -> None:
    found = recognise(session, convention.territoire_id, convention)
    if found.sure is None or convention.matching is Matching.RATTACHEE:
        return
    if convention.matching is Matching.A_REGLER or found.candidates[0].why in NUMBERS:
        recognise_one(session, robot(session), convention)


def remind_of_pages() -> None:
    """Job, each working morning: logs each outdated check once, and sends each funder one notice for all of theirs."""
    today = local_day(now())
    with atomic() as session:
        rows = _stale(session, today)
        for row in rows:
            apply(session, ObligationTransition.RAPPELER, obligation_id=row.id, actor=robot(session))
        for funder in _funders(session):
            mine = [row.convention for row in rows if _follows(funder, row.convention)]
            if mine:
                _tell(session, funder, mine, today)


def _stale(session: Session, today: date) -> Sequence[Obligation]:
    """Obligations whose page check is older than STALE and has not been reminded since."""
    later = aliased(ObligationEvent)
    reminded = exists().where(
        later.obligation_id == Obligation.id,
        later.transition == ObligationTransition.RAPPELER,
        later.at >= Obligation.changed_at,
    )
    return session.scalars(
        select(Obligation)
        .where(
            Obligation.kind == ObligationKind.REFUGIES_INFO,
            Obligation.state == ObligationState.VERIFIEE,
            Obligation.proof["date"].as_string() <= (today - STALE).isoformat(),
            ~reminded,
        )
        .options(joinedload(Obligation.convention).joinedload(Convention.organisme))
        .order_by(Obligation.convention_id)
    ).all()


def _funders(session: Session) -> Sequence[User]:
    followers = select(Assignment.user_id).where(Assignment.role == Role.FINANCEUR)
    return session.scalars(select(User).where(User.id.in_(followers), User.active).order_by(User.id)).all()


def _follows(funder: User, convention: Convention) -> bool:
    return funder.funds(convention.territoire_id, convention.programme, convention.departement)


def _tell(session: Session, funder: User, conventions: Sequence[Convention], today: date) -> None:
    tell(
        session,
        "page_a_reverifier",
        key=f"{funder.id} {today}",
        to=[Addressee(funder.email, funder.name, funder.id, not funder.password_hash)],
        facts={"nombre": len(conventions), "pages": [_line(row) for row in conventions]},
    )


def _line(convention: Convention) -> str:
    proof = convention.obligation(ObligationKind.REFUGIES_INFO).proof or {}
    checked = short_day(date.fromisoformat(proof["date"]))
    return f"{convention.structure_name}, convention {convention.reference} : vérifiée le {checked}"
