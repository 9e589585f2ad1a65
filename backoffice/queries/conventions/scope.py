"""Conventions within the scope of each role. The scope is in the query; a row outside it is not found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.permissions import Role
from backoffice.models import (
    ContactState,
    Convention,
    ConventionFiche,
    Fiche,
    Matching,
    Obligation,
    ObligationEvent,
    Organisme,
    Revision,
    RevisionState,
    User,
)
from backoffice.models.conventions.convention import CONFIRMATION_LIFE
from backoffice.models.conventions.obligation import WAITED
from backoffice.queries.paging import Key, Page, Place, keyset_page
from backoffice.queries.search import search
from backoffice.queries.structures.scope import works_in
from backoffice.reference.programmes import programmes


def funded(user: User) -> ColumnElement[bool]:
    """Condition on Convention: within the programmes and départements that the person follows as a funder."""
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
    """Condition on Convention: of a structure of which the person is a member."""
    return Convention.organisme_id.in_(user.organisme_ids)


def visible(user: User) -> ColumnElement[bool]:
    """Condition on Convention: visible through any role of the person."""
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
    """The events of all its obligations, latest first."""
    return session.scalars(
        select(ObligationEvent)
        .join(Obligation)
        .where(Obligation.convention_id == convention.id)
        .options(joinedload(ObligationEvent.actor), joinedload(ObligationEvent.obligation))
        .order_by(ObligationEvent.id.desc())
    ).all()


def late(day: date | None = None) -> ColumnElement[bool]:
    """Condition on Obligation: past its due date and still waiting for the structure. SQL form of Obligation.late."""
    return and_(Obligation.state.in_(WAITED), Obligation.due_on < (day or local_day(now())))


def contact_is(state: ContactState) -> ColumnElement[bool]:
    """Condition on Convention. SQL form of Convention.contact_state."""
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


# --- Lists ------------------------------------------------------------------------------------------


PAGE = 50


def page(session: Session, user: User, asked: Mapping[str, str], place: Place) -> Page[Convention]:
    """One page of visible conventions, latest year first. asked: {annee, programme, q}; invalid values are ignored."""
    conditions = [visible(user)]
    if asked.get("annee", "").isdecimal() and len(asked["annee"]) == 4:
        conditions.append(Convention.annee == int(asked["annee"]))
    if asked.get("programme"):
        conditions.append(Convention.programme == asked["programme"])
    keys = (Key(Convention.annee, down=True), *BY_PROGRAMME)
    query = search(select(Convention).where(*conditions), asked.get("q", ""))
    return keyset_page(session, query, keys, place, PAGE, options=WITH_OBLIGATIONS, counted=True)


BY_PROGRAMME = (Key(Convention.programme), Key(Convention.reference), Key(Convention.id))
WITH_OBLIGATIONS = (joinedload(Convention.organisme), selectinload(Convention.obligations))


def years(session: Session, user: User) -> Sequence[int]:
    """Years for which the person sees conventions, latest first."""
    query = select(Convention.annee).where(visible(user)).distinct().order_by(Convention.annee.desc())
    return session.scalars(query).all()


def own_conventions(session: Session, user: User, organisme_id: int) -> Sequence[Convention]:
    """Conventions of one of the person's structures, latest year first."""
    return session.scalars(
        select(Convention)
        .where(own(user), Convention.organisme_id == organisme_id)
        .options(*WITH_OBLIGATIONS, selectinload(Convention.ties))
        .order_by(Convention.annee.desc(), Convention.programme, Convention.reference)
    ).all()


def has_conventions(session: Session, organisme_id: int) -> bool:
    """Whether the structure has a convention. The pages show nothing about grants otherwise."""
    return bool(session.scalar(select(exists().where(Convention.organisme_id == organisme_id))))


def payable(session: Session, user: User, fiche: Fiche) -> Sequence[Convention]:
    """Conventions that may pay for the fiche: same structure, a programme of its dispositif, last year or later.

    Empty when the person is not a member of the structure.
    """
    if fiche.organisme_id not in user.organisme_ids:
        return []
    codes = [code for code, row in programmes().items() if fiche.dispositif in row.dispositifs]
    return session.scalars(
        select(Convention)
        .where(
            own(user),
            Convention.organisme_id == fiche.organisme_id,
            Convention.programme.in_(codes),
            Convention.annee >= local_day(now()).year - 1,
        )
        .options(selectinload(Convention.ties))
        .order_by(Convention.annee.desc(), Convention.programme, Convention.reference)
    ).all()


def unsettled(session: Session, user: User, limit: int) -> Sequence[Convention]:
    """Conventions of the funder whose structure is not recognised yet, by id."""
    return session.scalars(_unsettled(user).order_by(Convention.id).limit(limit)).all()


def unsettled_count(session: Session, user: User) -> int:
    return session.scalar(select(func.count()).select_from(_unsettled(user).subquery())) or 0


def _unsettled(user: User) -> Select[Convention]:
    return select(Convention).where(funded(user), Convention.matching == Matching.A_REGLER)


# --- Around one convention --------------------------------------------------------------------------


def may_keep(user: User, convention: Convention) -> bool:
    """Whether the person may change the convention: as its funder, or as a member of its structure."""
    own_ = convention.organisme_id is not None and convention.organisme_id in user.organisme_ids
    return own_ or user.funds(convention.territoire_id, convention.programme, convention.departement)


def fiche_of(session: Session, user: User, convention: Convention, fiche_id: int) -> Fiche | None:
    """A fiche of the convention's structure. Only members of the structure find fiches never submitted (no numero)."""
    if convention.organisme_id is None:
        return None
    query = select(Fiche).where(Fiche.id == fiche_id, Fiche.organisme_id == convention.organisme_id)
    if convention.organisme_id not in user.organisme_ids:
        query = query.where(Fiche.numero.is_not(None))
    return session.scalars(query).first()


def sharing(session: Session, convention: Convention) -> Sequence[str]:
    """Names of up to 5 other structures of the territoire with the same PNE address."""
    if not convention.contact_pne:
        return []
    return session.scalars(
        select(func.coalesce(Organisme.nom, Convention.nom))
        .select_from(Convention)
        .outerjoin(Organisme, Organisme.id == Convention.organisme_id)
        .where(
            Convention.territoire_id == convention.territoire_id,
            Convention.contact_pne == convention.contact_pne,
            or_(
                Convention.organisme_id != convention.organisme_id,
                and_(Convention.organisme_id.is_(None), Convention.nom != convention.nom),
            ),
        )
        .distinct()
        .limit(5)
    ).all()


def shown_revision(fiche: Fiche, *, own: bool) -> Revision | None:
    """The revision that a person may read: the latest for the structure (own), else the latest that is no draft."""
    sent = [row for row in fiche.revisions if own or row.state is not RevisionState.BROUILLON]
    return sent[-1] if sent else None


# --- Structures that a funder may choose -------------------------------------------------------------


def structure_in(session: Session, territoire_id: int, organisme_id: int) -> Organisme | None:
    return session.scalars(
        select(Organisme).where(works_in([territoire_id])).where(Organisme.id == organisme_id)
    ).first()


def structures_like(session: Session, territoire_id: int, text: str) -> Sequence[Organisme]:
    """Up to 20 structures that work in the territoire, found by the text."""
    query = search(select(Organisme).where(works_in([territoire_id])), text)
    return session.scalars(query.order_by(Organisme.nom, Organisme.id).limit(20)).all()
