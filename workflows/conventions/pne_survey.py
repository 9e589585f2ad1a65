"""Follow-up of the PNE questionnaire: sent, answered, checked; one by one, in bulk or from a list of respondents.

The questionnaire itself is national and hosted elsewhere: only these three dates are stored, with who noted them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload, selectinload

from backoffice.models import Convention, ObligationKind, User
from backoffice.models.transition_names import ObligationTransition
from backoffice.models.values.cells import text_of
from exports.importing.files import Table
from workflows.case import Refused

from . import pne_contacts
from .obligation_transitions import TRANSITIONS
from .obligations import apply

STEPS: dict[str, str] = {
    ObligationTransition.DEMANDER_ADRESSE: "",
    ObligationTransition.ENVOYER_QUESTIONNAIRE: "envoye",
    ObligationTransition.DECLARER: "repondu",
    ObligationTransition.VERIFIER: "verifie",
}
"""Bulk transitions: {transition: key of the proof that holds its date; "" for none}."""

LABELS: dict[str, str] = {
    ObligationTransition.DEMANDER_ADRESSE: "Demander la confirmation de l’adresse",
    ObligationTransition.ENVOYER_QUESTIONNAIRE: "Questionnaire envoyé",
    ObligationTransition.DECLARER: "Questionnaire rempli par la structure",
    ObligationTransition.VERIFIER: "Réponse vérifiée auprès de l’enquête",
}
assert set(LABELS) == set(STEPS) <= set(TRANSITIONS)


@dataclass
class Done:
    """Result of a bulk action. refused: (convention, message in French)."""

    taken: list[Convention] = field(default_factory=list)
    refused: list[tuple[Convention, str]] = field(default_factory=list)


def note(session: Session, actor: User, conventions: Sequence[Convention], name: str, day: date) -> Done:
    """Applies one transition to each convention, in its own savepoint; one refused does not stop the others."""
    done = Done()
    for convention in conventions:
        try:
            with session.begin_nested():
                _note_one(session, actor, convention, name, day)
        except Refused as refused:
            done.refused.append((convention, refused.message))
        else:
            done.taken.append(convention)
    return done


def _note_one(session: Session, actor: User, convention: Convention, name: str, day: date) -> None:
    if name == ObligationTransition.DEMANDER_ADRESSE:
        pne_contacts.ask(session, actor, convention.id)
        return
    row = convention.obligation(ObligationKind.PNE)
    proof = {STEPS[name]: day.isoformat(), "adresse": convention.contact_pne}
    apply(session, name, obligation_id=row.id, actor=actor, proof=proof)


# --- The list of respondents ------------------------------------------------------------------------


@dataclass
class Respondents:
    """Conventions named by a list of respondents. unknown: (row number, text) of the rows that name none."""

    found: list[Convention] = field(default_factory=list)
    unknown: list[tuple[int, str]] = field(default_factory=list)


def respondents(session: Session, tables: Sequence[Table], scope: ColumnElement[bool], year: int) -> Respondents:
    """Conventions of that year, within the scope, that a row names by reference or contact address.

    Every cell of every sheet is searched, so no column has to be chosen. Nothing else of the list is kept.
    """
    rows = session.scalars(
        select(Convention)
        .where(scope, Convention.annee == year)
        .options(selectinload(Convention.obligations), joinedload(Convention.organisme))
        .order_by(Convention.id)
    ).all()
    named: dict[str, list[Convention]] = {}
    for row in rows:
        for key in {_key(row.reference), _key(row.contact_pne)} - {""}:
            named.setdefault(key, []).append(row)
    made = Respondents()
    for table in tables:
        made.found += [row for row in _meant(named, table.headers) if row not in made.found]
        for number, row_ in table.rows:
            cells = list(map(text_of, row_))
            meant = _meant(named, cells)
            made.found += [row for row in meant if row not in made.found]
            if not meant:
                made.unknown.append((number, next((cell for cell in cells if cell), "")[:100]))
    return made


def _meant(named: Mapping[str, Sequence[Convention]], cells: Sequence[str]) -> list[Convention]:
    return list(dict.fromkeys(row for cell in cells for row in named.get(_key(cell), [])))


def _key(text: str) -> str:
    return "".join(text.split()).lower()
