"""Yearly figures of a territoire's published offer, and its changes since the year before.

A fiche counts in a year when it was visible at some moment of that year. Its content is the last one visible
that year: the last revision approved before the end of the year, with its fast lane updates until then. The
figures of a past year therefore never change, because this history is append-only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from backoffice.core.clock import now
from backoffice.core.dates import PARIS, local_day
from backoffice.models import Fiche, Nature, Publication, Revision, RevisionState, SessionUpdate
from backoffice.models.content import Action, Contenu, load
from backoffice.models.content.timely import as_of
from backoffice.models.content.vocabulary import DISPOSITIFS, NIVEAUX_ORAL, Dispositif
from backoffice.models.fiches.updates import updated
from backoffice.reference.communes import departements

BATCH = 200
"""Number of contents read at a time."""


@dataclass(frozen=True)
class Scope:
    """Scope of the figures: a territoire, and optionally some of its départements and dispositifs (empty: all)."""

    territoire_id: int
    departements: frozenset[str] = frozenset()
    dispositifs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Group:
    """One action of a fiche, with the values that the tables count."""

    fiche_id: int
    dispositif: str
    departement: str
    level: str
    """Oral level aimed at; "" when not given."""
    certification: str
    """Certification prepared, in the structure's words and with its number; UNNUMBERED; "" when none."""
    conventionne: str
    sessions: int
    places: int
    """Free places, total of its sessions."""
    hours: int
    """Taught hours of the action; each of its sessions counts them once."""


@dataclass
class Line:
    """One line of a table."""

    label: str
    fiches: set[int] = field(default_factory=set)
    actions: int = 0
    sessions: int = 0
    places: int = 0
    heures: int = 0

    def add(self, group: Group) -> None:
        self.fiches.add(group.fiche_id)
        self.actions += 1
        self.sessions += group.sessions
        self.places += group.places
        self.heures += group.hours * group.sessions

    @property
    def numbers(self) -> list[int]:
        """In the order of HEADS."""
        return [len(self.fiches), self.actions, self.sessions, self.places, self.heures]


HEADS = ("Fiches", "Actions", "Sessions", "Places libres", "Heures de cours")


@dataclass(frozen=True)
class Dimension:
    """One way to group. key: value that groups lines; order: keys to list first, in this order."""

    title: str
    head: str
    key: Callable[[Group], str]
    label: Callable[[str], str]
    order: Sequence[str] = ()


def _departement(code: str) -> str:
    known = departements().get(code)
    return f"{code} – {known.nom}" if known else "Sans département"


UNNUMBERED = "Examen sans numéro RNCP ou RS, que les lecteurs des flux ne voient pas"

CONVENTIONNE = {"oui": "Subventionnée", "non": "Non subventionnée", "": "Non précisé"}

DIMENSIONS = {
    "dispositif": Dimension(
        "Par dispositif",
        "Dispositif",
        lambda group: group.dispositif,
        lambda key: DISPOSITIFS[Dispositif(key)],
        tuple(DISPOSITIFS),
    ),
    "departement": Dimension("Par département", "Département", lambda group: group.departement, _departement),
    "niveau": Dimension(
        "Par niveau visé à l’oral",
        "Niveau",
        lambda group: group.level,
        lambda key: key or "Non précisé",
        tuple(NIVEAUX_ORAL),
    ),
    "certification": Dimension(
        "Par certification préparée",
        "Certification",
        lambda group: group.certification,
        lambda key: key or "Aucune",
    ),
    "convention": Dimension(
        "Subventionnées ou non",
        "Subvention",
        lambda group: group.conventionne,
        lambda key: CONVENTIONNE.get(key, key),
        ("oui", "non"),
    ),
}


@dataclass(frozen=True)
class Movement:
    """Numbers of fiches. seen: visible this year; new: this year only; gone: the year before only; renewed: both years,
    with a renewal approved this year; kept: both years, without.
    """

    seen: int
    new: int
    renewed: int
    kept: int
    gone: int


@dataclass(frozen=True)
class Bilan:
    year: int
    total: Line
    tables: dict[str, list[Line]]
    movement: Movement


def bilan(session: Session, scope: Scope, year: int) -> Bilan:
    """Computes the figures. Contents are read by batches of BATCH; the number of queries grows with the batches."""
    seen, before = _seen(session, scope, year), _seen(session, scope, year - 1)
    groups = list(_groups(session, scope, year, sorted(seen)))
    if scope.departements:  # a fiche counts in the départements of its actions
        seen = {group.fiche_id for group in groups}
        before &= seen | {group.fiche_id for group in _groups(session, scope, year - 1, sorted(before - seen))}
    total = Line("Ensemble")
    for group in groups:
        total.add(group)
    renewed = _renewed(session, year, seen & before)
    return Bilan(
        year,
        total,
        {name: lines(groups, dimension) for name, dimension in DIMENSIONS.items()},
        Movement(len(seen), len(seen - before), len(renewed), len((seen & before) - renewed), len(before - seen)),
    )


def lines(groups: Iterable[Group], dimension: Dimension) -> list[Line]:
    """One line per value: the keys of `order` first, the others sorted, the empty one last."""
    made: dict[str, Line] = {}
    for group in groups:
        key = dimension.key(group)
        made.setdefault(key, Line(dimension.label(key))).add(group)
    known = [key for key in dimension.order if key in made]
    return [made[key] for key in (*known, *sorted(made.keys() - set(known), key=lambda key: (not key, key)))]


def bounds(year: int) -> tuple[datetime, datetime]:
    return datetime.combine(date(year, 1, 1), time(), PARIS), datetime.combine(date(year + 1, 1, 1), time(), PARIS)


def _seen(session: Session, scope: Scope, year: int) -> set[int]:
    """Ids of the fiches visible at some moment of the year."""
    start, end = bounds(year)
    later = aliased(Publication)
    last_before = (
        select(func.max(later.id)).where(later.fiche_id == Publication.fiche_id, later.at < start).scalar_subquery()
    )
    query = (
        select(Publication.fiche_id)
        .join(Fiche, Fiche.id == Publication.fiche_id)
        .where(
            Fiche.territoire_id == scope.territoire_id,
            Publication.fragment_id.is_not(None),
            or_(and_(Publication.at >= start, Publication.at < end), Publication.id == last_before),
        )
        .distinct()
    )
    if scope.dispositifs:
        query = query.where(Fiche.dispositif.in_(scope.dispositifs))
    return set(session.scalars(query))


def _groups(session: Session, scope: Scope, year: int, fiche_ids: Sequence[int]) -> Iterator[Group]:
    for start in range(0, len(fiche_ids), BATCH):
        for fiche_id, dispositif, content in _contents(session, year, fiche_ids[start : start + BATCH]):
            for action in content.actions:
                group = _group(fiche_id, dispositif, content, action)
                if not scope.departements or group.departement in scope.departements:
                    yield group


def _contents(session: Session, year: int, fiche_ids: Sequence[int]) -> Iterator[tuple[int, str, Contenu]]:
    """(fiche id, dispositif, content) of each fiche, as last visible in the year: today, or on 31 December."""
    _, end = bounds(year)
    day = min(date(year, 12, 31), local_day(now()))
    last = (
        select(func.max(Revision.id))
        .where(Revision.fiche_id.in_(fiche_ids), Revision.state == RevisionState.VALIDEE, Revision.decided_at < end)
        .group_by(Revision.fiche_id)
    )
    rows = session.execute(
        select(Revision.id, Revision.fiche_id, Revision.document, Fiche.dispositif)
        .join(Fiche, Fiche.id == Revision.fiche_id)
        .where(Revision.id.in_(last))
    ).all()
    updates: dict[int, list[SessionUpdate]] = {}
    query = (
        select(SessionUpdate)
        .where(SessionUpdate.revision_id.in_([row.id for row in rows]), SessionUpdate.at < end)
        .order_by(SessionUpdate.id)
    )
    for update in session.scalars(query):
        updates.setdefault(update.revision_id, []).append(update)
    for row in rows:
        content = updated(load(row.document), updates.get(row.id, ()))
        yield row.fiche_id, str(row.dispositif), as_of(content, day)


def _group(fiche_id: int, dispositif: str, content: Contenu, action: Action) -> Group:
    place = content.place_of(action)
    return Group(
        fiche_id,
        dispositif,
        place.adresse.departement if place else "",
        content.levels_of(action).vise_oral,
        _certification(content),
        content.financement.conventionne,
        len(action.sessions),
        sum(session.places_libres or 0 for session in action.sessions),
        action.hours or 0,
    )


def _certification(content: Contenu) -> str:
    """As the flow says it: a certification has a number. An examination said in words only is counted apart."""
    said = content.formation
    if said.certifying:
        number = said.code_certification
        number = number if number.startswith("RS") else f"RNCP {number}"
        return f"{said.certification.strip()} ({number})" if said.certification.strip() else number
    return UNNUMBERED if "certification" in said.visees else ""


def _renewed(session: Session, year: int, fiche_ids: set[int]) -> set[int]:
    start, end = bounds(year)
    counted = Counter[int]()
    chosen = sorted(fiche_ids)
    for first in range(0, len(chosen), 5_000):  # below the databases' limit of bound parameters
        counted.update(
            session.scalars(
                select(Revision.fiche_id).where(
                    Revision.fiche_id.in_(chosen[first : first + 5_000]),
                    Revision.nature == Nature.RENOUVELLEMENT,
                    Revision.state == RevisionState.VALIDEE,
                    Revision.decided_at >= start,
                    Revision.decided_at < end,
                )
            )
        )
    return set(counted)
