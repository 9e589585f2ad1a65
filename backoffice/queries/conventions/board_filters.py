"""The filters of the funders' board, as data. The form, the SQL conditions and the links all read these tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.permissions import Role
from backoffice.core.text import clean
from backoffice.models import (
    ContactState,
    Convention,
    Obligation,
    ObligationKind,
    ObligationState,
    User,
)
from backoffice.models.conventions.obligation import MET, WAITED
from backoffice.queries.search import says

from . import scope
from .scope import contact_is, funded, late

LONGEST = 100
"""Maximum length of a filter's text, in characters; the rest is cut."""

UNCONFIRMED = tuple(state for state in ContactState if state is not ContactState.CONFIRMEE)


@dataclass(frozen=True)
class Chosen:
    """One choice of the state filter. kind: the obligation it concerns, None if several.

    reminds: whether structures can be reminded from this choice, because they have something to do.
    """

    words: str
    condition: Callable[[], ColumnElement[bool]]
    kind: ObligationKind | None = None
    reminds: bool = True


def has(*wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    """Condition on Convention: at least one of its obligations meets all these conditions."""
    return exists(select(1).where(Obligation.convention_id == Convention.id, *wanted))


def _in(kind: ObligationKind, *states: ObligationState) -> ColumnElement[bool]:
    return has(Obligation.kind == kind, Obligation.state.in_(states))


def unconfirmed() -> ColumnElement[bool]:
    """Condition on Convention: the PNE survey is due and its address is not confirmed."""
    due = _in(ObligationKind.PNE, *WAITED, ObligationState.DECLAREE)
    return and_(due, or_(*(contact_is(state) for state in UNCONFIRMED)))


_K, _S = ObligationKind, ObligationState
ALL = "attendu"
"""The choice used for reminders when none was made."""
WHAT: Mapping[str, Chosen] = {
    ALL: Chosen("Il reste quelque chose à faire", lambda: has(Obligation.state.in_(WAITED))),
    "retard": Chosen("En retard, quelle que soit l’obligation", lambda: has(late())),
    "hors-carte": Chosen("Financés, pas sur la carte", lambda: _in(_K.CARTE, *WAITED), _K.CARTE),
    "sur-carte": Chosen("Financés, sur la carte", lambda: _in(_K.CARTE, _S.VERIFIEE), _K.CARTE, reminds=False),
    "page": Chosen("Page Réfugiés.info attendue", lambda: _in(_K.REFUGIES_INFO, *WAITED), _K.REFUGIES_INFO),
    "page-declaree": Chosen(
        "Page Réfugiés.info à vérifier", lambda: _in(_K.REFUGIES_INFO, _S.DECLAREE), _K.REFUGIES_INFO, reminds=False
    ),
    "pne-adresse": Chosen("PNE non confirmée", unconfirmed, _K.PNE),
    "pne": Chosen("Réponse PNE attendue", lambda: _in(_K.PNE, *WAITED), _K.PNE),
    "pne-declaree": Chosen("Réponse PNE à vérifier", lambda: _in(_K.PNE, _S.DECLAREE), _K.PNE, reminds=False),
    "pne-retour": Chosen("Les e-mails du PNE reviennent", lambda: contact_is(ContactState.EN_ERREUR), _K.PNE),
    "non-conforme": Chosen("Non conforme", lambda: has(Obligation.state == _S.NON_CONFORME)),
    "en-regle": Chosen("En règle pour les trois", lambda: ~has(Obligation.state.not_in(MET)), reminds=False),
}
"""{code: choice} of the state filter, in the order of the list."""


def is_so(session: Session, convention: Convention, what: str) -> bool:
    """Whether the convention currently meets the condition of this choice (a key of WHAT)."""
    query = select(Convention.id).where(Convention.id == convention.id, WHAT[what].condition())
    return session.scalar(query) is not None


SORTS: Mapping[str, str] = {
    "retard": "Le plus en retard d’abord",
    "nom": "Structure",
    "reference": "Référence",
    "montant": "Montant, du plus grand au plus petit",
}


@dataclass(frozen=True)
class Filters:
    """The chosen filters of the board. "" means no choice."""

    annee: int
    programme: str = ""
    departement: str = ""
    etat: str = ""
    texte: str = ""
    tri: str = "retard"

    @classmethod
    def of(cls, args: Mapping[str, str], usual_year: int) -> Filters:
        """Reads the query string. Unknown or malformed values are ignored; `usual_year` is the default year."""
        year = args.get("annee", "")
        return cls(
            int(year) if year.isascii() and year.isdecimal() and len(year) == 4 else usual_year,
            _short(args, "programme"),
            _short(args, "departement"),
            args["etat"] if args.get("etat") in WHAT else "",
            _short(args, "texte"),
            args["tri"] if args.get("tri") in SORTS else "retard",
        )

    def with_state(self, etat: str) -> Filters:
        return replace(self, etat=etat)

    @property
    def chosen(self) -> Chosen | None:
        return WHAT.get(self.etat)

    def query(self, **other: object) -> str:
        """Query string of the same board, with some filters replaced."""
        return urlencode(_said({**self.values, **other}))

    @property
    def values(self) -> dict[str, object]:
        """The non-empty filters, as they go into a query string."""
        return _said(vars(self))

    def conditions(self, user: User, *, whole: bool = False) -> list[ColumnElement[bool]]:
        """Conditions on Convention, with Organisme joined. whole: only scope, year, programme and département."""
        found = [followed(user), Convention.annee == self.annee]
        if self.programme:
            found.append(Convention.programme == self.programme)
        if self.departement:
            found.append(Convention.departement == self.departement)
        if whole:
            return found
        if self.chosen:
            found.append(self.chosen.condition())
        if self.texte:
            found.append(says(Convention, self.texte))
        return found


def _said(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in ("", 0, None)}


def _short(args: Mapping[str, str], name: str) -> str:
    return clean(args.get(name, ""))[:LONGEST]


def followed(user: User) -> ColumnElement[bool]:
    """Condition on Convention: followed as a funder, or as a moderator of its territoire."""
    return or_(funded(user), Convention.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))


def years(session: Session, user: User) -> list[int]:
    """Years that have conventions, latest first; [current year] when there are none."""
    return list(scope.years(session, user)) or [local_day(now()).year]
