"""The filters of the funders' board, as data: the form, the conditions and the links all read this table."""

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
    Organisme,
    User,
)
from backoffice.models.conventions.obligation import MET, WAITED
from backoffice.queries.fiches.scope import containing

from . import scope
from .scope import contact_is, funded, late

LONGEST = 100
"""Characters that a filter keeps of what was typed."""

UNCONFIRMED = tuple(state for state in ContactState if state is not ContactState.CONFIRMEE)


@dataclass(frozen=True)
class Chosen:
    """kind: the obligation that the choice is about, if only one. reminds: the structure has something to do."""

    words: str
    condition: Callable[[], ColumnElement[bool]]
    kind: ObligationKind | None = None
    reminds: bool = True


def has(*wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    """Condition on Convention: one of its obligations is so."""
    return exists(select(1).where(Obligation.convention_id == Convention.id, *wanted))


def _in(kind: ObligationKind, *states: ObligationState) -> ColumnElement[bool]:
    return has(Obligation.kind == kind, Obligation.state.in_(states))


def unconfirmed() -> ColumnElement[bool]:
    """Condition on Convention: the survey is due and nobody confirmed its address this year."""
    due = _in(ObligationKind.PNE, *WAITED, ObligationState.DECLAREE)
    return and_(due, or_(*(contact_is(state) for state in UNCONFIRMED)))


_K, _S = ObligationKind, ObligationState
ALL = "attendu"
"""What is reminded when nothing was chosen."""
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
"""What may be asked of a project, in the order of the list."""


def is_so(session: Session, convention: Convention, what: str) -> bool:
    """Whether a choice is true of this project now."""
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
    """What is asked of the board; "" and 0 for no choice."""

    annee: int
    programme: str = ""
    departement: str = ""
    etat: str = ""
    texte: str = ""
    tri: str = "retard"

    @classmethod
    def of(cls, args: Mapping[str, str], usual_year: int) -> Filters:
        """From the address; what is no choice is none."""
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
        """The address of the same board, with what is chosen otherwise."""
        return urlencode(_said({**self.values, **other}))

    @property
    def values(self) -> dict[str, object]:
        """What an address says of it."""
        return _said(vars(self))

    def conditions(self, user: User, *, whole: bool = False) -> list[ColumnElement[bool]]:
        """On Convention, Organisme being joined. whole: without what is asked of each project."""
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
            number = self.texte.replace(" ", "")
            named = (containing(column, self.texte) for column in (Organisme.nom, Convention.nom, Convention.reference))
            found.append(or_(*named, Convention.siret == number, Organisme.siret == number))
        return found


def _said(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in ("", 0, None)}


def _short(args: Mapping[str, str], name: str) -> str:
    return clean(args.get(name, ""))[:LONGEST]


def followed(user: User) -> ColumnElement[bool]:
    """Condition on Convention: those that the person follows as a funder, or as a moderator of the territoire."""
    return or_(funded(user), Convention.territoire_id.in_(user.territoire_ids(Role.MODERATEUR)))


def years(session: Session, user: User) -> list[int]:
    """Those that have projects, the latest first; the present one while there is none."""
    return list(scope.years(session, user)) or [local_day(now()).year]
