"""Moderation figures of a period: submissions, decisions and time to decision, by week or by another dimension."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from statistics import median, quantiles

from sqlalchemy import NotNullable, and_, select
from sqlalchemy.orm import Session

from backoffice.core.dates import PARIS, local_day, short_day
from backoffice.core.permissions import Role
from backoffice.models import Fiche, Revision, TransitionLog, User
from backoffice.models.transition_names import FicheTransition
from backoffice.reference.communes import departements

DECISIONS: dict[str, str] = {
    FicheTransition.VALIDER: "validees",
    FicheTransition.RENVOYER: "renvoyees",
    FicheTransition.REFUSER: "refusees",
}
"""{name of a transition: field of Line that counts it}."""

COUNTS = {"recues": "Reçues", "validees": "Validées", "renvoyees": "Renvoyées", "refusees": "Refusées"}
DELAYS = {"mediane": "Délai médian (jours)", "p90": "Délai de 9 sur 10 (jours)"}
HEADS = COUNTS | DELAYS


@dataclass
class Line:
    """One line of a table. delays: days from submission to each decision."""

    label: str
    recues: int = 0
    validees: int = 0
    renvoyees: int = 0
    refusees: int = 0
    delays: list[float] = field(default_factory=list)

    @property
    def mediane(self) -> float | None:
        return round(median(self.delays), 1) if self.delays else None

    @property
    def p90(self) -> float | None:
        if len(self.delays) < 2:
            return self.mediane
        return round(quantiles(self.delays, n=10, method="inclusive")[-1], 1)


@dataclass(frozen=True)
class Happening:
    """One submission (`what` is "recues") or one decision. delay: days from submission to decision."""

    what: str
    at: datetime
    dispositif: str
    departement: str
    moderator: str = ""
    delay: float | None = None


@dataclass(frozen=True)
class Dimension:
    """One way to group. key: value that groups lines, None when the event is not counted; label: its words."""

    title: str
    head: str
    key: Callable[[Happening], str | None]
    label: Callable[[str], str]
    columns: tuple[str, ...] = tuple(HEADS)


def _monday(happening: Happening) -> str:
    day = local_day(happening.at)
    return (day - timedelta(day.weekday())).isoformat()


def _departement(code: str) -> str:
    known = departements().get(code)
    return f"{code} – {known.nom}" if known else "Sans département"


DIMENSIONS = {
    "semaine": Dimension("Par semaine", "Semaine du", _monday, lambda key: short_day(date.fromisoformat(key))),
    "dispositif": Dimension("Par dispositif", "Dispositif", lambda one: one.dispositif, str),
    "departement": Dimension("Par département", "Département", lambda one: one.departement, _departement),
    # A submission has no moderator yet, so this table has no «Reçues» column.
    "moderateur": Dimension("Par modérateur", "Modérateur", lambda one: one.moderator or None, str, tuple(HEADS)[1:]),
}


@dataclass(frozen=True)
class Period:
    """A period of whole days, start and end included."""

    start: date
    end: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        return (
            datetime.combine(self.start, time(), PARIS),
            datetime.combine(self.end + timedelta(1), time(), PARIS),
        )


def happenings(session: Session, user: User, period: Period) -> list[Happening]:
    """All submissions and decisions of the period in the moderator's territoires, in two queries."""
    mine = Revision.territoire_id.in_(user.territoire_ids(Role.MODERATEUR))
    start, end = period.bounds
    received = session.execute(
        select(NotNullable(Revision.submitted_at), Fiche.dispositif, Revision.departement)
        .join(Revision.fiche)
        .where(mine, Revision.submitted_at >= start, Revision.submitted_at < end)
    )
    decided = session.execute(
        select(
            TransitionLog.transition,
            TransitionLog.at,
            Fiche.dispositif,
            Revision.departement,
            User.name,
            NotNullable(Revision.submitted_at),
        )
        .select_from(Revision)
        .join(Revision.fiche)
        .join(
            TransitionLog,
            and_(TransitionLog.revision_id == Revision.id, TransitionLog.transition.in_(DECISIONS)),
        )
        .join(User, User.id == TransitionLog.actor_id)
        .where(mine, Revision.decided_at >= start, Revision.decided_at < end)
    )
    found = [Happening("recues", at, str(dispositif), code) for at, dispositif, code in received]
    found += [
        Happening(DECISIONS[name], at, str(dispositif), code, who, (at - sent) / timedelta(days=1))
        for name, at, dispositif, code, who, sent in decided
    ]
    return found


def lines(found: Iterable[Happening], dimension: Dimension) -> Sequence[Line]:
    """One line per value, sorted by key."""
    made: dict[str, Line] = {}
    for one in found:
        key = dimension.key(one)
        if key is not None:
            _add(made.setdefault(key, Line(dimension.label(key))), one)
    return [made[key] for key in sorted(made)]


def total(found: Iterable[Happening]) -> Line:
    whole = Line("Ensemble")
    for one in found:
        _add(whole, one)
    return whole


def _add(line: Line, one: Happening) -> None:
    setattr(line, one.what, getattr(line, one.what) + 1)
    if one.delay is not None:
        line.delays.append(one.delay)


def row(line: Line, columns: Sequence[str]) -> list[int | float | None]:
    return [getattr(line, name) for name in columns]
