"""Conventions as each kind of person may see them: the scope is in the query, and whatever is outside is not found."""

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
from backoffice.queries.fiches.scope import containing
from backoffice.queries.paging import Key, Page, Place, keyset_page
from backoffice.queries.structures.scope import works_in
from backoffice.reference.programmes import programmes


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


# --- Lists ------------------------------------------------------------------------------------------


PAGE = 50


def page(session: Session, user: User, asked: Mapping[str, str], place: Place) -> Page[Convention]:
    """What the person sees, the latest year first. asked: {annee, programme, q}; what is not understood is left out."""
    conditions = [visible(user)]
    if asked.get("annee", "").isdecimal() and len(asked["annee"]) == 4:
        conditions.append(Convention.annee == int(asked["annee"]))
    if asked.get("programme"):
        conditions.append(Convention.programme == asked["programme"])
    if asked.get("q"):
        text = asked["q"]
        conditions.append(or_(containing(Convention.nom, text), containing(Convention.reference, text)))
    keys = (Key(Convention.annee, down=True), *BY_PROGRAMME)
    query = select(Convention).where(*conditions)
    return keyset_page(session, query, keys, place, PAGE, options=WITH_OBLIGATIONS, counted=True)


BY_PROGRAMME = (Key(Convention.programme), Key(Convention.reference), Key(Convention.id))
WITH_OBLIGATIONS = (joinedload(Convention.organisme), selectinload(Convention.obligations))


def years(session: Session, user: User) -> Sequence[int]:
    """Those of which the person sees conventions, the latest first."""
    query = select(Convention.annee).where(visible(user)).distinct().order_by(Convention.annee.desc())
    return session.scalars(query).all()


def own_conventions(session: Session, user: User, organisme_id: int) -> Sequence[Convention]:
    """Those of one of the person's structures, the latest year first."""
    return session.scalars(
        select(Convention)
        .where(own(user), Convention.organisme_id == organisme_id)
        .options(*WITH_OBLIGATIONS, selectinload(Convention.ties))
        .order_by(Convention.annee.desc(), Convention.programme, Convention.reference)
    ).all()


def has_conventions(session: Session, organisme_id: int) -> bool:
    """Whether a funder has written one for this structure: its pages speak of grants only then."""
    return bool(session.scalar(select(exists().where(Convention.organisme_id == organisme_id))))


def payable(session: Session, user: User, fiche: Fiche) -> Sequence[Convention]:
    """The conventions of the fiche's structure that may pay for it: of its dispositif, of this year or the last."""
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
    """Those whose structure the funder has still to recognise, in the order in which they came."""
    return session.scalars(_unsettled(user).order_by(Convention.id).limit(limit)).all()


def unsettled_count(session: Session, user: User) -> int:
    return session.scalar(select(func.count()).select_from(_unsettled(user).subquery())) or 0


def _unsettled(user: User) -> Select[Convention]:
    return select(Convention).where(funded(user), Convention.matching == Matching.A_REGLER)


# --- Around one convention --------------------------------------------------------------------------


def may_keep(user: User, convention: Convention) -> bool:
    """Whether the person may do more than read: its funder, or its structure."""
    own_ = convention.organisme_id is not None and convention.organisme_id in user.organisme_ids
    return own_ or user.funds(convention.territoire_id, convention.programme, convention.departement)


def fiche_of(session: Session, user: User, convention: Convention, fiche_id: int) -> Fiche | None:
    """A fiche of the structure; drafts that were never sent are its own."""
    if convention.organisme_id is None:
        return None
    query = select(Fiche).where(Fiche.id == fiche_id, Fiche.organisme_id == convention.organisme_id)
    if convention.organisme_id not in user.organisme_ids:
        query = query.where(Fiche.numero.is_not(None))
    return session.scalars(query).first()


def sharing(session: Session, convention: Convention) -> Sequence[str]:
    """The names of the other structures whose survey goes to the same address."""
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
    """What a person may read of a fiche: its structure the latest version, others the latest that was sent."""
    sent = [row for row in fiche.revisions if own or row.state is not RevisionState.BROUILLON]
    return sent[-1] if sent else None


# --- Structures that a funder may mean --------------------------------------------------------------


def structure_in(session: Session, territoire_id: int, organisme_id: int) -> Organisme | None:
    return session.scalars(
        select(Organisme).where(works_in([territoire_id])).where(Organisme.id == organisme_id)
    ).first()


def structures_like(session: Session, territoire_id: int, text: str) -> Sequence[Organisme]:
    """Those whose name holds the words, or of this SIRET."""
    named = or_(containing(Organisme.nom, text), Organisme.siret == text.replace(" ", ""))
    query = select(Organisme).where(works_in([territoire_id]), named)
    return session.scalars(query.order_by(Organisme.nom, Organisme.id).limit(20)).all()
