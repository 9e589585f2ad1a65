"""The PNE survey of a year: contact addresses and questionnaires, within a funder's scope."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, selectinload

from backoffice.models import ContactState, Convention, Obligation, ObligationKind, ObligationState, User
from backoffice.queries.paging import Page, Place, keyset_page

from .scope import BY_PROGRAMME, PAGE, WITH_OBLIGATIONS, contact_is, funded

QUESTIONNAIRE = {
    "a_envoyer": "Pas encore envoyé",
    "envoye": "Envoyé, sans réponse",
    **{str(state): state.label for state in ObligationState if state is not ObligationState.A_FOURNIR},
}
"""{state of the questionnaire: label} of the filter. A_FOURNIR is split into not sent and sent."""


def page(session: Session, user: User, year: int, asked: Mapping[str, str], place: Place) -> Page[Convention]:
    """One page of conventions. asked: {"contact": a ContactState, "questionnaire": a key of QUESTIONNAIRE}.

    Unknown values are ignored.
    """
    query = select(Convention).where(funded(user), Convention.annee == year)
    if asked.get("contact") in set(ContactState):
        query = query.where(contact_is(ContactState(asked["contact"])))
    if (wanted := asked.get("questionnaire", "")) in QUESTIONNAIRE:
        query = query.join(Obligation).where(Obligation.kind == ObligationKind.PNE, *_stands(wanted))
    return keyset_page(session, query, BY_PROGRAMME, place, PAGE, options=WITH_OBLIGATIONS, counted=True)


def _stands(wanted: str) -> list[ColumnElement[bool]]:
    if wanted in set(ObligationState):
        return [Obligation.state == ObligationState(wanted)]
    sent = Obligation.proof["envoye"].as_string()
    return [
        Obligation.state == ObligationState.A_FOURNIR,
        sent.is_(None) if wanted == "a_envoyer" else sent.is_not(None),
    ]


def of_year(session: Session, user: User, year: int, ids: Collection[int]) -> Sequence[Convention]:
    return session.scalars(
        select(Convention)
        .where(funded(user), Convention.annee == year, Convention.id.in_(ids))
        .options(selectinload(Convention.obligations))
        .order_by(Convention.id)
    ).all()


def shared_addresses(session: Session, rows: Sequence[Convention]) -> set[str]:
    """The PNE addresses of these conventions that are shared by several structures."""
    given = {row.contact_pne for row in rows if row.contact_pne}
    whose = func.coalesce(Convention.organisme_id, -Convention.id)
    return set(
        session.scalars(
            select(Convention.contact_pne)
            .where(Convention.contact_pne.in_(given))
            .group_by(Convention.contact_pne)
            .having(func.count(whose.distinct()) > 1)
        )
    )
