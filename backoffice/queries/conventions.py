"""Conventions as each kind of person may see them: the scope is in the query, and whatever is outside is not found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from backoffice.models import (
    ContactState,
    Convention,
    ConventionFiche,
    Fiche,
    Obligation,
    ObligationEvent,
    User,
)
from backoffice.models.base import now
from backoffice.models.convention import CONFIRMATION_LIFE
from backoffice.models.dates import local_day
from backoffice.models.obligation import WAITED
from backoffice.permissions import Role


def funded(user: User) -> ColumnElement[bool]:
    """Condition on Convention: of the programmes and départements that the person follows as a funder."""
    scopes = [
        and_(
            Convention.territoire_id == row.territoire_id,
            *([Convention.programme.in_(row.programmes)] if row.programmes else []),
            *([Convention.departement.in_(row.departements)] if row.departements else []),
        )
        for row in user.assignments
        if row.role is Role.FINANCEUR
    ]
    return or_(false(), *scopes)


def own(user: User) -> ColumnElement[bool]:
    """Condition on Convention: of the structures that the person enters fiches for."""
    return Convention.organisme_id.in_(user.organisme_ids)


def visible(user: User) -> ColumnElement[bool]:
    """Condition on Convention: whatever a role of the person gives sight of."""
    moderated = Convention.territoire_id.in_(user.territoire_ids(Role.MODERATEUR))
    return or_(funded(user), moderated, own(user))


def visible_convention(session: Session, user: User, convention_id: int) -> Convention | None:
    return _one(session, convention_id, visible(user))


def funded_convention(session: Session, user: User, convention_id: int) -> Convention | None:
    return _one(session, convention_id, funded(user))


def own_convention(session: Session, user: User, convention_id: int) -> Convention | None:
    return _one(session, convention_id, own(user))


def _one(session: Session, convention_id: int, scope: ColumnElement[bool]) -> Convention | None:
    return session.scalars(
        select(Convention)
        .where(Convention.id == convention_id, scope)
        .options(
            joinedload(Convention.organisme),
            joinedload(Convention.territoire),
            selectinload(Convention.obligations).joinedload(Obligation.changed_by),
            selectinload(Convention.ties).joinedload(ConventionFiche.fiche).selectinload(Fiche.revisions),
        )
    ).first()


def history(session: Session, convention: Convention) -> Sequence[ObligationEvent]:
    """All that happened to its obligations, the latest first."""
    return session.scalars(
        select(ObligationEvent)
        .join(Obligation)
        .where(Obligation.convention_id == convention.id)
        .options(joinedload(ObligationEvent.actor), joinedload(ObligationEvent.obligation))
        .order_by(ObligationEvent.id.desc())
    ).all()


def late(day: date | None = None) -> ColumnElement[bool]:
    """Condition on Obligation: its day is past and the structure still has something to do. See Obligation.late."""
    return and_(Obligation.state.in_(WAITED), Obligation.due_on < (day or local_day(now())))


def contact_is(state: ContactState) -> ColumnElement[bool]:
    """Condition on Convention: the same as Convention.contact_state."""
    given = Convention.contact_pne != ""
    alive = and_(given, Convention.contact_bounced_at.is_(None))
    confirmed = Convention.contact_confirmed_at
    since = now() - CONFIRMATION_LIFE
    return {
        ContactState.ABSENTE: Convention.contact_pne == "",
        ContactState.EN_ERREUR: and_(given, Convention.contact_bounced_at.is_not(None)),
        ContactState.CONFIRMEE: and_(alive, confirmed > since),
        ContactState.PERIMEE: and_(alive, confirmed <= since),
        ContactState.DEMANDEE: and_(alive, confirmed.is_(None), Convention.contact_asked_at.is_not(None)),
        ContactState.A_CONFIRMER: and_(alive, confirmed.is_(None), Convention.contact_asked_at.is_(None)),
    }[state]
