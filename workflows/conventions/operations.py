"""Operations on conventions: create, change, attach to a structure, tie to fiches. They flush and never commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, selectinload

from backoffice.core.clock import now
from backoffice.models import (
    Bpi,
    Convention,
    ConventionFiche,
    ConventionOrigin,
    Fiche,
    Matching,
    Obligation,
    ObligationEvent,
    ObligationKind,
    ObligationState,
    Organisme,
    User,
)
from backoffice.models.content.vocabulary import PUBLIC_BPI
from backoffice.models.conventions.convention import WITHDRAWN_TOO
from backoffice.models.transition_names import ObligationTransition
from backoffice.queries.conventions.scope import payable
from backoffice.queries.structures.scope import works
from forms.conventions.grants import Grant
from workflows.case import Refused
from workflows.robot import is_robot, robot
from workflows.structures.operations import living

from . import on_map
from .obligations import apply, lock, open_all
from .recognition import recognise, sure_fiches


def create(
    session: Session,
    actor: User,
    territoire_id: int,
    grant: Grant,
    origin: ConventionOrigin = ConventionOrigin.SAISIE,
) -> Convention:
    """Creates a convention with its three obligations. Raises Refused when the reference exists already, or when the
    actor does not fund this programme and département."""
    _must_fund(actor, territoire_id, grant)
    if known(session, territoire_id, grant) is not None:
        raise Refused(f"La convention {grant.reference} existe déjà pour ce programme et cette année.")
    if (withdrawn := _withdrawn(session, territoire_id, grant)) is not None:
        return _put_back(session, withdrawn, grant)
    convention = Convention(territoire_id=territoire_id, origin=origin, created_by_id=actor.id, **asdict(grant))
    session.add(convention)
    session.flush()
    open_all(session, convention, actor)
    settle_need(session, convention)
    return convention


def _withdrawn(session: Session, territoire_id: int, grant: Grant) -> Convention | None:
    found = _same(territoire_id, grant).where(Convention.withdrawn_at.is_not(None))
    return session.scalars(found.execution_options(**WITHDRAWN_TOO)).one_or_none()


def _put_back(session: Session, convention: Convention, grant: Grant) -> Convention:
    """A convention whose import was undone, given again: its history goes on."""
    convention.withdrawn_at, convention.updated_at = None, now()
    convention.organisme, convention.matching, convention.ties = None, Matching.A_REGLER, []
    for name, value in asdict(grant).items():
        setattr(convention, name, value)
    session.flush()
    settle_need(session, convention)
    return convention


def known(session: Session, territoire_id: int, grant: Grant) -> Convention | None:
    """The convention with this territoire, programme, year and reference; None when unknown."""
    return session.scalars(_same(territoire_id, grant)).one_or_none()


def _same(territoire_id: int, grant: Grant) -> Select[Convention]:
    return select(Convention).where(
        Convention.territoire_id == territoire_id,
        Convention.programme == grant.programme,
        Convention.annee == grant.annee,
        Convention.reference == grant.reference,
    )


def change(session: Session, actor: User, convention_id: int, grant: Grant) -> Convention:
    """Updates a convention. Raises Refused when the actor's scope excludes it before or after the change, or when the
    reference exists already."""
    convention = lock(session, convention_id)
    _must_fund(actor, convention.territoire_id, convention)
    _must_fund(actor, convention.territoire_id, grant)
    other = known(session, convention.territoire_id, grant)
    if other is not None and other.id != convention.id:
        raise Refused(f"La convention {grant.reference} existe déjà pour ce programme et cette année.")
    if (withdrawn := _withdrawn(session, convention.territoire_id, grant)) is not None:
        withdrawn.reference = f"{withdrawn.reference[:40]} (retirée, {withdrawn.id})"  # leaves its own to this one
        session.flush()
    if grant.contact_pne != convention.contact_pne:
        rename_contact(session, convention, grant.contact_pne, actor)
    for name, value in asdict(grant).items():
        setattr(convention, name, value)
    convention.updated_at = now()
    session.flush()
    settle_need(session, convention)
    return convention


def rename_contact(session: Session, convention: Convention, email: str, actor: User, comment: str = "") -> None:
    """Changes the address for the PNE survey; resets its confirmation and its bounce."""
    convention.contact_pne = email
    convention.contact_asked_at = convention.contact_confirmed_at = convention.contact_bounced_at = None
    convention.contact_bounce = ""
    session.flush()
    pne = convention.obligation(ObligationKind.PNE)
    step, proof = ObligationTransition.CHANGER_ADRESSE, {"adresse": email}
    apply(session, step, obligation_id=pne.id, actor=actor, comment=comment, proof=proof)


def attach(session: Session, actor: User, convention_id: int, organisme: Organisme | None) -> Convention:
    """Attaches the convention to a structure; None: the structure is not in Relais. Removes ties to fiches of another
    structure. Raises Refused."""
    organisme = living(session, organisme.id) if organisme else None
    convention = lock(session, convention_id)
    if not is_robot(actor):
        _must_fund(actor, convention.territoire_id, convention)
    if organisme is not None and not works(session, organisme.id, convention.territoire_id):
        raise Refused("Cette structure est d’un autre territoire.")
    convention.organisme_id = organisme.id if organisme else None
    convention.matching = Matching.RATTACHEE if organisme else Matching.SANS_STRUCTURE
    fiches = {tie.fiche_id: tie.fiche for tie in convention.ties}
    convention.ties = [tie for tie in convention.ties if fiches[tie.fiche_id].organisme_id == convention.organisme_id]
    session.flush()
    session.refresh(convention, ["organisme"])
    _ties_changed(session, convention)
    return convention


def recognise_one(session: Session, actor: User, convention: Convention) -> None:
    """Attaches an unsettled convention when recognition is sure; then ties the fiches it surely pays for."""
    if convention.matching is not Matching.RATTACHEE:
        found = recognise(session, convention.territoire_id, convention)
        if found.sure is None:
            return
        attach(session, actor, convention.id, found.sure)
    if not convention.ties:
        for fiche in sure_fiches(session, convention):
            tie(session, actor, convention.id, fiche)


def tie(session: Session, actor: User, convention_id: int, fiche: Fiche) -> None:
    """Records that the grant pays for this fiche of its structure. Idempotent. Raises Refused."""
    convention = lock(session, convention_id)
    _must_tie(actor, convention)
    if convention.organisme_id is None or fiche.organisme_id != convention.organisme_id:
        raise Refused("Cette fiche n’est pas de la structure subventionnée.")
    if any(row.fiche_id == fiche.id for row in convention.ties):
        return
    convention.ties.append(ConventionFiche(fiche=fiche, tied_by_id=actor.id))
    session.flush()
    _ties_changed(session, convention)


def untie(session: Session, actor: User, convention_id: int, fiche: Fiche) -> None:
    """Removes the tie between the grant and the fiche. Idempotent."""
    convention = lock(session, convention_id)
    _must_tie(actor, convention)
    convention.ties = [row for row in convention.ties if row.fiche_id != fiche.id]
    session.flush()
    _ties_changed(session, convention)


def keep_ties(session: Session, actor: User, fiche: Fiche, said: Mapping[int, bool]) -> None:
    """Saves the structure's answers, given while editing the fiche. said: {convention id: whether it pays for it}.

    Ignores conventions that are not offered on its pages.
    """
    for convention in payable(session, actor, fiche) if said else ():
        tied = any(row.fiche_id == fiche.id for row in convention.ties)
        if convention.id in said and said[convention.id] != tied:
            (untie if tied else tie)(session, actor, convention.id, fiche)


def settle_need(session: Session, convention: Convention) -> None:
    """Updates whether a page on Réfugiés.info is due: from `convention.bpi`, else from the publics of its fiches.

    A person's decision is kept.
    """
    row = convention.obligation(ObligationKind.REFUGIES_INFO)
    needed = _needed(session, convention)
    itself = robot(session)
    if needed is False and row.state is ObligationState.A_FOURNIR and not _asked_by_a_person(session, row):
        why = (
            "Le financeur dit que ce projet n’accueille pas de bénéficiaires d’une protection internationale."
            if convention.bpi is Bpi.NON
            else "Aucune fiche de ce projet ne s’adresse aux bénéficiaires d’une protection internationale."
        )
        apply(session, ObligationTransition.ECARTER, obligation_id=row.id, actor=itself, comment=why)
    elif needed and row.state is ObligationState.SANS_OBJET and is_robot(row.changed_by):
        apply(session, ObligationTransition.RECLAMER, obligation_id=row.id, actor=itself)


def _needed(session: Session, convention: Convention) -> bool | None:
    """Whether the page is due; None: not known yet."""
    if convention.bpi is not Bpi.INCONNU:
        return convention.bpi is Bpi.OUI
    fiches = session.scalars(
        select(Fiche)
        .join(ConventionFiche)
        .where(ConventionFiche.convention_id == convention.id)
        .options(selectinload(Fiche.revisions))
    ).all()
    return any(PUBLIC_BPI in fiche.latest.content.formation.publics for fiche in fiches) if fiches else None


def _asked_by_a_person(session: Session, row: Obligation) -> bool:
    """Whether the last change of state is a funder's request, made although the page did not appear due."""
    moved = or_(ObligationEvent.source.is_(None), ObligationEvent.source != ObligationEvent.target)
    last = session.scalar(
        select(ObligationEvent.transition)
        .where(ObligationEvent.obligation_id == row.id, moved)
        .order_by(ObligationEvent.id.desc())
        .limit(1)
    )
    return last in (ObligationTransition.EXIGER, ObligationTransition.REDEMANDER)


def _ties_changed(session: Session, convention: Convention) -> None:
    """Recomputes the obligations that depend on the convention's fiches."""
    on_map.refresh(session, [convention.id])
    settle_need(session, convention)


def _must_fund(actor: User, territoire_id: int, grant: Grant | Convention) -> None:
    if not actor.funds(territoire_id, grant.programme, grant.departement):
        raise Refused("Ce programme ou ce département n’est pas de ceux que vous suivez.")


def _must_tie(actor: User, convention: Convention) -> None:
    mine = convention.organisme_id is not None and convention.organisme_id in actor.organisme_ids
    funder = actor.funds(convention.territoire_id, convention.programme, convention.departement)
    if not (mine or funder or is_robot(actor)):
        raise Refused("Cette convention n’est pas de celles que vous suivez.")
